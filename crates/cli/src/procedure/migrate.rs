//! `motcua procedure migrate` and `retire`: what becomes of versions after they were published.

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use motcua_api::v1;
use uuid::Uuid;

use crate::Ending;
use crate::client::{Session, steadily};
use crate::commands::listed;
use crate::output::Output;
use crate::refusal::Refused;
use crate::table::{Table, clean};
use crate::wire::to_json;

#[derive(Debug, Args)]
pub(crate) struct MigrateArguments {
    /// National code
    code: String,
    /// Version that the open dossiers are bound to now
    #[arg(long, value_name = "VERSION")]
    from: String,
    /// Version that they move to
    #[arg(long, value_name = "VERSION")]
    to: String,
    /// Step that the other version calls differently; may be given several times
    #[arg(long, value_name = "OLD=NEW", value_parser = mapping)]
    step: Vec<(String, String)>,
    /// What becomes of the due dates
    #[arg(long, value_enum, default_value_t = Limits::Keep)]
    limits: Limits,
    /// The transition rule of the law that allows it
    #[arg(long, value_name = "TEXT")]
    ground: String,
    /// Carry it out; without this only the plan is shown and nothing changes
    #[arg(long)]
    apply: bool,
    /// Id of the migration; the same again resumes one that was cut off. Default: a new one
    #[arg(long, value_name = "UUID", requires = "apply")]
    migration_id: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Limits {
    /// They stay
    Keep,
    /// The limit of the other version counts from where the present one began
    New,
}

#[derive(Debug, Args)]
pub(crate) struct RetireArguments {
    /// National code
    code: String,
    /// First day on which nothing may be filed
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: String,
    /// On which ground
    #[arg(long, value_name = "TEXT")]
    ground: String,
}

fn mapping(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok((from.into(), to.into())),
        _ => Err(format!("{text:?}: write OLD=NEW, such as check=examination")),
    }
}

/// Shows the plan of a migration, or carries it out. Exit code 1: some dossiers cannot be moved.
pub(crate) async fn migrate(
    arguments: MigrateArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let step = |(from, to): (String, String)| v1::StepMapping { from, to };
    let limits = match arguments.limits {
        Limits::Keep => v1::MigratedLimits::Keep,
        Limits::New => v1::MigratedLimits::New,
    };
    let migration = v1::Migration {
        procedure: arguments.code,
        from_version: arguments.from,
        to_version: arguments.to,
        steps: arguments.step.into_iter().map(step).collect(),
        limits: limits.into(),
        ground: arguments.ground,
    };
    let mut rows = Vec::new();
    let mut show = |row: Option<v1::MigratedDossier>| -> anyhow::Result<()> {
        let row = row.ok_or_else(|| anyhow!("the server sent an empty row"))?;
        if output.json {
            output.value(&to_json("MigratedDossier", &row))?;
        }
        rows.push(row);
        Ok(())
    };
    let applied = arguments.apply.then(|| arguments.migration_id.unwrap_or_else(Uuid::now_v7));
    let ended = match applied {
        Some(id) => apply(migration, id, session, output, &mut show).await,
        None => plan(migration, session, &mut show).await,
    };
    // What was moved before a stream broke is moved: it is told as well.
    let refused = rows.iter().filter(|row| !row.obstacles.is_empty()).count();
    if !output.json && (ended.is_ok() || !rows.is_empty()) {
        output.table(&table(&rows, output))?;
        let moved = rows.len() - refused;
        let verb = if applied.is_some() { "moved" } else { "can be moved" };
        output.note(&format!("{moved} {verb}, {refused} stay under their version"));
    }
    if let (Some(id), Err(_)) = (applied, &ended) {
        output.note(&format!("cut off; --migration-id {id} goes on with the rest"));
    }
    ended?;
    Ok(if refused == 0 { Ending::Well } else { Ending::Differs })
}

/// Takes in a row of the answer.
type Show<'a> = &'a mut dyn FnMut(Option<v1::MigratedDossier>) -> anyhow::Result<()>;

async fn apply(
    migration: v1::Migration,
    id: Uuid,
    session: &Session,
    output: &Output,
    show: Show<'_>,
) -> anyhow::Result<()> {
    output.note(&format!("migration id {id}"));
    let migration = Some(migration);
    let request = v1::MigrateDossiersRequest { migration_id: id.to_string(), migration };
    let call = async || session.procedures().migrate_dossiers(request.clone()).await;
    let mut stream = steadily(call).await?;
    while let Some(answer) = stream.message().await.map_err(Refused::from)? {
        show(answer.dossier)?;
    }
    Ok(())
}

async fn plan(migration: v1::Migration, session: &Session, show: Show<'_>) -> anyhow::Result<()> {
    let request = v1::PlanMigrationRequest { migration: Some(migration) };
    let call = async || session.procedures().plan_migration(request.clone()).await;
    let mut stream = steadily(call).await?;
    while let Some(answer) = stream.message().await.map_err(Refused::from)? {
        show(answer.dossier)?;
    }
    Ok(())
}

fn table(rows: &[v1::MigratedDossier], output: &Output) -> Table {
    let mut table = Table::new(&["dossier", "step", "due", "next, or what stands in the way"]);
    for row in rows {
        let name = if row.code.is_empty() { &row.id } else { &row.code };
        let before = row.before.clone().unwrap_or_default();
        let after = row.after.clone();
        let change = |before: &str, after: Option<&str>| match after {
            Some(after) if after != before => format!("{before} → {after}"),
            Some(_) | None => before.to_owned(),
        };
        let step = change(&before.state, after.as_ref().map(|after| after.state.as_str()));
        let due = change(&before.due_on, after.as_ref().map(|after| after.due_on.as_str()));
        let obstacle =
            |obstacle: &v1::MigrationObstacle| output.words(obstacle.message.as_ref()).to_owned();
        let what = match row.obstacles.is_empty() {
            true => listed(&row.next_actions.join(",")),
            false => row.obstacles.iter().map(obstacle).collect::<Vec<_>>().join(" "),
        };
        table.row([name.clone(), step, due, clean(&what)]);
    }
    table
}

/// Takes a procedure out of use.
pub(crate) async fn retire(
    arguments: RetireArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let RetireArguments { code, from, ground } = arguments;
    let request = v1::RetireProcedureRequest { code: code.clone(), from: from.clone(), ground };
    let answer =
        steadily(async || session.procedures().retire_procedure(request.clone()).await).await?;
    match output.json {
        true => output.value(&to_json("RetireProcedureResponse", &answer))?,
        false => output.text(&format!("{code}: nothing may be filed from {from} on"))?,
    }
    Ok(Ending::Well)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next_is_told_in_commands_not_in_names_of_the_api() {
        let row = v1::MigratedDossier {
            id: "d".into(),
            next_actions: vec!["decide_items".into(), "advance:draft_result".into()],
            ..v1::MigratedDossier::default()
        };
        let output = Output::plain();
        let text = table(&[row], &output).text(None, str::to_owned);
        assert!(text.contains("decide, advance draft_result"), "{text}");
    }
}

//! Migrations of open dossiers.

use std::collections::BTreeMap;

use motcua_api::v1;
use motcua_dossiers::command::MigratedLimits;
use motcua_engine::{EngineError, Migrated, Migration, Position};

use motcua_procedures::Text;

use super::read::{Faults, ID_CHARS_MAX, TEXT_CHARS_MAX};
use super::text;

/// Most steps that a migration maps.
const STEPS_MAX: usize = 2_000;

/// Reads what is asked.
pub(crate) fn migration(faults: &mut Faults, asked: Option<&v1::Migration>) -> Migration {
    let nothing = v1::Migration::default();
    if asked.is_none() {
        faults.missing("migration");
    }
    let asked = asked.unwrap_or(&nothing);
    let limits = match asked.limits() {
        v1::MigratedLimits::Unspecified => {
            faults.unspecified("migration.limits");
            MigratedLimits::Keep
        }
        v1::MigratedLimits::Keep => MigratedLimits::Keep,
        v1::MigratedLimits::New => MigratedLimits::New,
    };
    faults.at_most("migration.steps", asked.steps.len(), STEPS_MAX);
    let mut steps = BTreeMap::new();
    for (i, step) in asked.steps.iter().take(STEPS_MAX).enumerate() {
        let from = faults.id(&format!("migration.steps[{i}].from"), &step.from);
        let to = faults.id(&format!("migration.steps[{i}].to"), &step.to);
        steps.insert(from, to);
    }
    let mut version = |name: &str, version: &str| {
        faults.required(&format!("migration.{name}"), version, ID_CHARS_MAX)
    };
    Migration {
        procedure: version("procedure", &asked.procedure),
        from_version: version("from_version", &asked.from_version),
        to_version: version("to_version", &asked.to_version),
        steps,
        limits,
        ground: faults.required("migration.ground", &asked.ground, TEXT_CHARS_MAX),
    }
}

/// What it means for one dossier.
pub(crate) fn migrated(row: &Migrated) -> v1::MigratedDossier {
    let mut dossier = v1::MigratedDossier {
        id: row.dossier.to_string(),
        code: row.code.clone().unwrap_or_default(),
        before: Some(position(&row.before)),
        ..Default::default()
    };
    match &row.outcome {
        Ok(moved) => {
            dossier.after = Some(position(&moved.position));
            dossier.next_actions = moved.offers.iter().map(next_action).collect();
            dossier.sequence = moved.sequence.unwrap_or_default();
            dossier.repeat = moved.repeated;
        }
        Err(EngineError::Rejected { rejection, .. }) if rejection.violations.is_empty() => {
            dossier.obstacles = vec![v1::MigrationObstacle {
                code: rejection.reason.as_str().into(),
                subject: String::new(),
                message: Some(text(&rejection.message)),
            }];
        }
        Err(EngineError::Rejected { rejection, .. }) => {
            let obstacle = |fault: &motcua_dossiers::rejection::Violation| v1::MigrationObstacle {
                code: fault.code.clone(),
                subject: fault.subject.clone(),
                message: Some(text(&fault.message)),
            };
            dossier.obstacles = rejection.violations.iter().map(obstacle).collect();
        }
        Err(EngineError::TimersStuck(why)) => {
            let Text { vi, en } = &why.message;
            let vi = format!("Không xử lý được thời hạn đến kỳ của hồ sơ: {vi} Hãy nạp lịch mới.");
            let en =
                format!("Its due timers cannot be fired: {en} Load a calendar that covers it.");
            dossier.obstacles = vec![obstacle("TIMERS_STUCK", vi, en)];
        }
        Err(error) => {
            let vi = "Mã lần chuyển này đã dùng cho lần chuyển khác; hãy dùng mã mới.".into();
            let en = format!("It could not be moved: {error}; take a new migration id.");
            dossier.obstacles = vec![obstacle("MIGRATION_ID_REUSED", vi, en)];
        }
    }
    dossier
}

fn obstacle(code: &str, vi: String, en: String) -> v1::MigrationObstacle {
    let message = Some(v1::Text { vi, en });
    v1::MigrationObstacle { code: code.into(), subject: String::new(), message }
}

fn position(position: &Position) -> v1::DossierPosition {
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    v1::DossierPosition {
        state: position.state.clone(),
        due_on: day(position.due_on),
        statutory_due_on: day(position.statutory_due_on),
    }
}

fn next_action(offer: &motcua_dossiers::Offer) -> String {
    match &offer.action {
        Some(action) => format!("{}:{action}", offer.act),
        None => offer.act.to_owned(),
    }
}

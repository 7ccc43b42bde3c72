//! `motcua audit verify --data`: all histories of a store, recomputed from its own rows.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, bail};
use motcua_store::StoreError;
use motcua_store_sql::{Difference, Options, PartAway, SweepOptions, Swept};
use serde_json::{Value, json};

use crate::Ending;
use crate::folder::{Folder, database_of};
use crate::output::{Lang, Output, counted, grouped};
use crate::table::clean;

/// Verifies the database of a folder, or of a URL. Nothing is written.
pub(crate) async fn run(
    data: Option<PathBuf>,
    database: Option<String>,
    jobs: Option<u16>,
    output: &Output,
) -> anyhow::Result<Ending> {
    let database = match database {
        Some(url) => database_of(Some(url))?,
        None => None,
    };
    let folder = Folder::new(data.unwrap_or_default()).with_database(database.as_deref());
    if !folder.has_database() {
        let shown = folder.database_shown();
        bail!("there is no database at {shown}: name the data folder of a service with --data");
    }
    let glance = folder.glance(&Options::default()).await?;
    let begun = Instant::now();
    let origin = glance.setting("origin").await.with_context(|| folder.unreadable())?;
    let Some(origin) = origin else {
        bail!("{} was never in use: there is nothing to verify", folder.database_shown());
    };
    let usual = SweepOptions::default();
    let jobs = jobs.and_then(|jobs| NonZeroUsize::new(jobs.into()));
    let options = SweepOptions { jobs: jobs.unwrap_or(usual.jobs), ..usual };
    let tell = |difference| output.note(&told(&difference, output));
    let swept = glance.sweep(&origin, options, tell).await;
    let parts = glance.parts_away().await.with_context(|| folder.unreadable())?;
    glance.close().await;
    match swept {
        Ok(swept) => Ok(conclude(swept, &parts, begun.elapsed().as_secs_f64(), output)),
        Err(error @ StoreError::Corrupt { .. }) => {
            output.note(&clean(&format!("{} {error}", output.error_mark())));
            Ok(Ending::Unreadable)
        }
        Err(error) => Err(error).with_context(|| folder.unreadable()),
    }
}

fn told(difference: &Difference, output: &Output) -> String {
    let Difference { chain, code, message } = difference;
    if output.json {
        let finding = json!({ "chain": chain, "code": code, "message": message });
        return json!({ "finding": finding }).to_string();
    }
    clean(&format!("{chain} {code}: {message}"))
}

/// As the recipe printed it, to be compared with what was kept of that.
fn told_away(part: &PartAway, output: &Output) -> String {
    let PartAway { part, chains, events, digest, .. } = part;
    match output.lang {
        Lang::Vi => format!(
            "đã chuyển đi, chưa kiểm tra: {part}: {events} sự kiện của {chains} hồ sơ, {digest}"
        ),
        Lang::En => format!(
            "moved away, not verified: {part}: {events} events of {chains} dossiers, {digest}"
        ),
    }
}

fn part_away(part: &PartAway) -> Value {
    let PartAway { part, chains, events, digest, .. } = part;
    json!({ "part": part, "chains": chains, "events": events, "digest": digest.to_string() })
}

fn conclude(swept: Swept, parts: &[PartAway], seconds: f64, output: &Output) -> Ending {
    let Swept { chains, events, differences, unreadable, away } = swept;
    let per_second = (events as f64 / seconds.max(f64::MIN_POSITIVE)).round();
    if output.json {
        let verdict = json!({ "verdict": { "equal": differences == 0, "chains": chains,
            "events": events, "differences": differences, "away": away,
            "parts_away": parts.iter().map(part_away).collect::<Vec<_>>(),
            "seconds": (seconds * 1000.0).round() / 1000.0, "events_per_second": per_second } });
        output.note(&verdict.to_string());
    } else {
        parts.iter().for_each(|part| output.note(&told_away(part, output)));
        let word = match differences {
            0 => output.green(output.label("equal")),
            _ => output.red(output.label("differs")),
        };
        let rate = grouped(per_second as u64);
        output.note(&match output.lang {
            Lang::Vi => format!(
                "{word}: đã tính lại {events} sự kiện của {chains} chuỗi, {differences} sai khác, \
                 {rate} sự kiện/s"
            ),
            Lang::En => format!(
                "{word}: {} of {} recomputed, {}, {rate} events/s",
                counted(events, "event", "events"),
                counted(chains, "chain", "chains"),
                counted(differences, "difference", "differences"),
            ),
        });
    }
    match (differences, unreadable) {
        (0, _) => Ending::Well,
        (_, 0) => Ending::Differs,
        (_, _) => Ending::Unreadable,
    }
}

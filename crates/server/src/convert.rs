//! Between messages and domain types: the only place that knows both.
//!
//! Reading a request never stops at the first fault: [`Faults`] collects them all, each with the
//! path of its field, and the request is refused as a whole. Past this point types cannot be wrong
//! in form; what the rules say about them is the engine's to decide.

mod audit;
mod command;
mod dossier;
mod migration;
mod procedure;
mod query;
mod read;

pub(crate) use audit::{chain, former_state, history_event, replay_verdict, until};
pub(crate) use command::{Act, Acted};
pub(crate) use dossier::{Scene, draft, tracked, upload};
pub(crate) use migration::{migrated, migration};
pub(crate) use procedure::{procedure, procedure_findings, procedure_summary, understaffed, unit};
pub(crate) use query::{
    compute_line, computed, dossier_change, explained_act, queue, search_text, track, worklist_row,
};
pub(crate) use read::{Faults, NAME_CHARS_MAX, TEXT_CHARS_MAX};

use motcua_api::v1;
use motcua_procedures::{ProcedureRef, Text};
use motcua_store::contract::ParkedTimer;

fn text(text: &Text) -> v1::Text {
    v1::Text { vi: text.vi.clone(), en: text.en.clone() }
}

/// Code, version, digest.
pub(crate) fn reference(reference: &ProcedureRef) -> v1::ProcedureReference {
    v1::ProcedureReference {
        code: reference.code.clone(),
        version: reference.version.clone(),
        digest: reference.digest.clone(),
    }
}

pub(crate) fn parked_timer(timer: ParkedTimer) -> v1::ParkedTimer {
    v1::ParkedTimer {
        dossier: timer.dossier.to_string(),
        code: timer.code.unwrap_or_default(),
        timer: timer.timer,
        due_at: Some(timestamp(timer.due_at)),
        attempts: timer.attempts,
        failure: timer.failure,
        retry_at: Some(timestamp(timer.retry_at)),
    }
}

/// An instant, to the nanosecond.
pub(crate) fn timestamp(at: jiff::Timestamp) -> prost_types::Timestamp {
    let nanoseconds = at.as_nanosecond();
    let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000))
        .expect("the seconds of a timestamp fit");
    let nanos = i32::try_from(nanoseconds.rem_euclid(1_000_000_000)).expect("under a second");
    prost_types::Timestamp { seconds, nanos }
}

//! What is different between two versions of a procedure, in a reader's words.
//!
//! [`diff`] compares meanings, not bytes: comments, the order of keys and the order of parts say
//! nothing, except where the order decides (limits, choices, further clocks, acts of the system,
//! documents on the receipt). Every function takes the parts of a definition apart by name, so a
//! new key of the language does not build until somebody has said what a change of it means.

mod action;
mod case;
mod changes;
mod form;
mod process;
mod times;
mod words;

use serde::Serialize;

use crate::definition::{Definition, Text};
use crate::procedure::Procedure;

use changes::{Changes, Place};
use words::both;

/// What happened to a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is there no longer.
    Removed,
    /// It says something else.
    Changed,
    /// Its parts stand in another order, and the order decides.
    Reordered,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Where: a pointer in which parts of lists stand by their ids, `/limits/three-days/statutory`.
    /// An action that changed alike in several steps names them all: `/steps/a,b/actions/stop`.
    pub path: String,
    /// The same in words.
    #[serde(flatten)]
    pub text: Text,
}

/// Everything that is different, in the order of the language; empty when both mean the same.
pub fn diff(before: &Procedure, after: &Procedure) -> Vec<Change> {
    let mut changes = Changes::default();
    definition(&mut changes, before.definition(), after.definition());
    changes.into_list()
}

fn definition(changes: &mut Changes, before: &Definition, after: &Definition) {
    let Definition {
        kind,
        code,
        version,
        effective_from,
        name,
        field,
        level,
        grounds,
        channels,
        number_at,
        parties,
        form,
        variants,
        documents,
        fees,
        windows,
        limits,
        phases,
        clocks,
        results,
        start,
        steps,
    } = before;
    let root = Place::root();
    changes.value(&root, "kind", ("loại", "kind"), kind, &after.kind);
    changes.value(&root, "procedure", ("mã thủ tục", "code"), code, &after.code);
    changes.value(&root, "version", ("phiên bản", "version"), version, &after.version);
    let label = ("có hiệu lực từ", "in force from");
    changes.value(&root, "effective_from", label, effective_from, &after.effective_from);
    changes.text(&root, "name", ("tên thủ tục", "name of the procedure"), name, &after.name);
    changes.text(&root, "field", ("lĩnh vực", "field"), field, &after.field);
    changes.value(&root, "level", ("cấp giải quyết", "level"), level, &after.level);
    case::grounds(changes, grounds, &after.grounds);
    let label = ("cách nộp hồ sơ", "ways to file");
    changes.set(&root, "channels", label, channels, &after.channels);
    let label = ("cấp mã hồ sơ khi", "the dossier code is given out at");
    changes.value(&root, "number_at", label, number_at, &after.number_at);
    case::parties(changes, parties, &after.parties);
    let place = root.part("form", both("mẫu đơn", "form"));
    form::schema(changes, &place, form.schema(), after.form.schema());
    case::variants(changes, variants, &after.variants);
    case::documents(changes, documents, &after.documents);
    case::fees(changes, fees, &after.fees);
    case::windows(changes, windows, &after.windows);
    times::limits(changes, &root, limits, &after.limits);
    times::phases(changes, phases, &after.phases);
    times::clocks(changes, clocks, &after.clocks);
    case::results(changes, results, &after.results);
    changes.value(&root, "start", ("bước đầu tiên", "first step"), start, &after.start);
    process::steps(changes, steps, &after.steps);
}

#[cfg(test)]
mod tests;

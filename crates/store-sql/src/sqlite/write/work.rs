//! Open work items and timers.
//!
//! A work item may lie in eight indexes, so only rows that differ from what stands are written.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params, params_from_iter};

use super::commits::Net;
use super::counts::Counts;
use super::execute;
use crate::error::Failure;
use crate::prepare::{DossierRow, ItemRow};

const WORK_ITEM_STANDING: &str = "-- work_item_standing
    SELECT item, unit, role, assignee, step, opened_at, step_due_at, step_late, branch, procedure,
        status, due_on, late_at, sort_at, overseen_by
    FROM work_item WHERE dossier_id = ?1";
const WORK_ITEM_CLOSE: &str = "-- work_item_close
    DELETE FROM work_item WHERE dossier_id = ?1 AND item = ?2";
const WORK_ITEM_OPEN: &str = "-- work_item_open
    INSERT INTO work_item (dossier_id, item, unit, role, assignee, step, opened_at, step_due_at,
        step_late, branch, procedure, status, due_on, late_at, sort_at, overseen_by)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
const WORK_ITEM_CHANGE: &str = "-- work_item_change
    UPDATE work_item SET unit = ?3, role = ?4, assignee = ?5, step = ?6, opened_at = ?7,
        step_due_at = ?8, step_late = ?9, branch = ?10, procedure = ?11, status = ?12,
        due_on = ?13, late_at = ?14, sort_at = ?15, overseen_by = ?16
    WHERE dossier_id = ?1 AND item = ?2";
const TIMER_SET: &str = "-- timer_set
    INSERT INTO timer (dossier_id, name, due_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (dossier_id, name) DO UPDATE SET due_at = excluded.due_at";
const TIMER_CLEAR: &str = "-- timer_clear
    DELETE FROM timer WHERE dossier_id = ?1 AND name = ?2";

pub(super) const STATEMENTS: &[&str] = &[
    WORK_ITEM_STANDING,
    WORK_ITEM_CLOSE,
    WORK_ITEM_OPEN,
    WORK_ITEM_CHANGE,
    TIMER_SET,
    TIMER_CLEAR,
];

/// Columns of a work item from `item` on.
const COLUMNS: usize = 15;

/// What is to be done about the standing rows.
#[derive(Default)]
struct Difference {
    gone: Vec<i64>,
    changed: Vec<i64>,
    same: Vec<i64>,
}

/// Writes the work items and timers that the accepted commits leave of a dossier.
pub(super) fn write<'a>(
    connection: &Connection,
    net: &Net<'a>,
    counts: &mut Counts<'a>,
) -> Result<(), Failure> {
    let (dossier, items) = (&net.last.dossier, &net.last.items);
    let difference = match net.before {
        0 => Difference::default(),
        _ => compare(connection, dossier, items, counts)?,
    };
    for item in &difference.gone {
        execute(connection, WORK_ITEM_CLOSE, params![dossier.id, item])?;
    }
    for item in items.iter().filter(|item| !difference.same.contains(&item.item)) {
        let statement = match difference.changed.contains(&item.item) {
            true => WORK_ITEM_CHANGE,
            false => WORK_ITEM_OPEN,
        };
        let values = [text(&dossier.id)].into_iter().chain(values(dossier, item));
        execute(connection, statement, params_from_iter(values.map(ToSqlOutput::Borrowed)))?;
        counts.gain(dossier, item);
    }
    for (name, due_at) in &net.timers {
        match due_at {
            Some(due_at) => execute(connection, TIMER_SET, params![dossier.id, name, due_at])?,
            None => execute(connection, TIMER_CLEAR, params![dossier.id, name])?,
        };
    }
    Ok(())
}

fn compare(
    connection: &Connection,
    dossier: &DossierRow,
    items: &[ItemRow],
    counts: &mut Counts<'_>,
) -> Result<Difference, Failure> {
    let mut difference = Difference::default();
    let mut statement = connection.prepare_cached(WORK_ITEM_STANDING)?;
    let mut rows = statement.query([&dossier.id])?;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let found = items.iter().find(|item| item.item == number);
        let is_same = found.is_some_and(|item| {
            let mut values = values(dossier, item).into_iter().enumerate();
            values.all(|(at, value)| row.get_ref(at).is_ok_and(|v| v == value))
        });
        let list = match (found, is_same) {
            (None, _) => &mut difference.gone,
            (Some(_), true) => &mut difference.same,
            (Some(_), false) => &mut difference.changed,
        };
        list.push(number);
        if !is_same {
            counts.lose(row)?;
        }
    }
    Ok(difference)
}

/// In the order of the statements.
fn values<'a>(dossier: &'a DossierRow, item: &'a ItemRow) -> [ValueRef<'a>; COLUMNS] {
    let competent = &dossier.competent_unit;
    [
        number(item.item),
        text(&item.unit),
        text(item.role),
        optional(item.assignee.as_deref(), text),
        text(&item.step),
        number(item.opened_at),
        optional(item.step_due_at, number),
        number(item.step_late.into()),
        optional(item.branch.as_deref(), text),
        text(&dossier.bound.code),
        number(dossier.status),
        optional(dossier.due_on.as_deref(), text),
        optional(dossier.late_at, number),
        number(dossier.sort_at),
        optional((item.unit != *competent).then_some(competent.as_str()), text),
    ]
}

fn text(text: &str) -> ValueRef<'_> {
    ValueRef::Text(text.as_bytes())
}

fn number<'a>(number: i64) -> ValueRef<'a> {
    ValueRef::Integer(number)
}

fn optional<'a, T>(value: Option<T>, of: impl Fn(T) -> ValueRef<'a>) -> ValueRef<'a> {
    value.map_or(ValueRef::Null, of)
}

//! Queues of open work items: a page and the exact count in one statement, from one snapshot.
//!
//! Each queue has an index whose entries lie in the order of the list and hold all that decides who
//! sees them, so no page reads a row that is not shown. Where a queue is of several roles, its page is
//! merged of the first rows of each. What nothing bounds is counted by every commit (`queue_count`);
//! what a person has taken, and what is due, is counted from its index. A procedure alone has an index
//! where nothing bounds the queue.

use motcua_dossiers::dossier::WorkItem;
use motcua_procedures::{Role, Status};
use motcua_store::contract::{Queue, WorklistKey, WorklistPage, WorklistQuery, WorklistRow};
use serde_json::Value;
use uuid::Uuid;

use crate::database::Argument::{Id, Integer, OptionalText, Text};
use crate::database::{Reads, Row, Statement};
use crate::error::{Columns, Failure};

// $1 unit, $2 roles as a JSON array, $3 procedure or null, $4 to $6 the place to continue after,
// $7 most rows, $8 and $9 by queue. Partial indexes need their very condition in the query.
macro_rules! worklist {
    ($name:literal, kept $counted:literal, $($kind:ident $shown:literal),+) => {
        Statement {
            sqlite: worklist!(@text sqlite, $name, (count!(sqlite, kept $counted)), $($kind $shown),+),
            postgres: worklist!(
                @text postgres, $name, (count!(postgres, kept $counted)), $($kind $shown),+
            ),
        }
    };
    // Counted like the page.
    ($name:literal, $($kind:ident $shown:literal),+) => {
        Statement {
            sqlite: worklist!(
                @text sqlite, $name, (sum!($(count!(sqlite, $kind $shown)),+)), $($kind $shown),+
            ),
            postgres: worklist!(
                @text postgres, $name, (sum!($(count!(postgres, $kind $shown)),+)), $($kind $shown),+
            ),
        }
    };
    (@text $database:ident, $name:literal, ($total:expr), $first:ident $shown:literal
        $(, $kind:ident $more:literal)*) => {
        concat!(
            "-- ",
            $name,
            "
    WITH page AS (
        SELECT sort_at, dossier_id, item FROM (",
            rows!($database, $first $shown),
            $("
            UNION ALL",
            rows!($database, $kind $more),)*
            ") AS shown
        ORDER BY sort_at, dossier_id, item LIMIT $7),
    whole AS (
        SELECT ",
            $total,
            " AS total)
    SELECT whole.total, w.dossier_id, w.item, w.sort_at, w.step, w.role, w.unit, w.assignee,
        w.opened_at, w.step_due_at, w.step_late, w.branch, w.procedure, w.status, w.due_on, w.late_at,
        d.due_at, d.code, d.version
    FROM whole LEFT JOIN page ON TRUE
        LEFT JOIN work_item w ON w.dossier_id = page.dossier_id AND w.item = page.item
        LEFT JOIN dossier d ON d.id = page.dossier_id
    ORDER BY page.sort_at, page.dossier_id, page.item"
        )
    };
}

macro_rules! sum {
    ($first:expr $(, $more:expr)*) => { concat!($first $(, " + ", $more)*) };
}

macro_rules! roles {
    (sqlite) => {
        "IN (SELECT value FROM json_each($2))"
    };
    (postgres) => {
        "= ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($2 AS jsonb))))"
    };
    (sqlite, each) => {
        "json_each($2) AS r"
    };
    (postgres, each) => {
        "jsonb_array_elements_text(CAST($2 AS jsonb)) AS r(value)"
    };
}

// The national ones, or the one that is asked for.
macro_rules! statuses {
    (sqlite, given) => {
        "json_each(json_array($8)) AS s"
    };
    (postgres, given) => {
        "generate_series(CAST($8 AS bigint), $8) AS s(value)"
    };
    (sqlite) => {
        "json_each('[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]') AS s"
    };
    (postgres) => {
        "generate_series(1, 10) AS s(value)"
    };
}

// Rows after the place to continue after. `each`: the first of each role, whose index begins with it;
// `of`: of the roles, whose index does not; `all`: of every role; `few`: those that are few by themselves;
// `of_procedure`: the first of each role and status, `of_procedure_in_status`: of each role.
macro_rules! rows {
    ($database:ident, each $shown:literal) => {
        rows!(@merged $database, roles!($database, each), $shown, " AND w.role = r.value")
    };
    ($database:ident, of_procedure $shown:literal) => {
        rows!(@of_procedure $database, statuses!($database), $shown)
    };
    ($database:ident, of_procedure_in_status $shown:literal) => {
        rows!(@of_procedure $database, statuses!($database, given), $shown)
    };
    // No other index may seem as good, whatever the statistics say: each knows its own condition, and this is
    // the one of the index of procedures.
    (@of_procedure $database:ident, $statuses:expr, $shown:literal) => {
        rows!(
            @merged $database,
            concat!(roles!($database, each), " CROSS JOIN ", $statuses),
            "w.unit = $1 AND w.procedure = $3
                    AND (w.status IN (1, 9) OR w.assignee IS NULL OR w.role = 'applicant')",
            concat!(" AND w.role = r.value AND w.status = s.value AND ", $shown)
        )
    };
    // As JSON: SQLite has no LATERAL, and looked up as rows of a list they would cost it a multiple once
    // somebody has had statistics made.
    (@merged sqlite, $each:expr, $shown:expr, $of:expr) => {
        concat!(
            "
            SELECT e.value ->> 0 AS sort_at, e.value ->> 1 AS dossier_id, e.value ->> 2 AS item
            FROM ",
            $each,
            " CROSS JOIN json_each((
                SELECT json_group_array(json_array(few.sort_at, few.dossier_id, few.item)) FROM (
                    SELECT w.sort_at, w.dossier_id, w.item",
            rows!(@found $shown, $of),
            "
                    ORDER BY w.sort_at, w.dossier_id, w.item LIMIT $7) AS few)) AS e"
        )
    };
    (@merged postgres, $each:expr, $shown:expr, $of:expr) => {
        concat!(
            "
            SELECT e.sort_at, e.dossier_id, e.item
            FROM ",
            $each,
            " CROSS JOIN LATERAL (
                SELECT w.sort_at, w.dossier_id, w.item",
            rows!(@found $shown, $of),
            "
                ORDER BY w.sort_at, w.dossier_id, w.item LIMIT $7) AS e"
        )
    };
    ($database:ident, of $shown:literal) => {
        concat!(
            "
            SELECT w.sort_at, w.dossier_id, w.item",
            rows!(@found $shown, " AND w.role ", roles!($database))
        )
    };
    ($database:ident, all $shown:literal) => {
        concat!(
            "
            SELECT few.sort_at, few.dossier_id, few.item FROM (
                SELECT w.sort_at, w.dossier_id, w.item",
            rows!(@found $shown),
            "
                ORDER BY w.sort_at, w.dossier_id, w.item LIMIT $7) AS few"
        )
    };
    // What is shown bounds the rows better than their order: no index is read for that.
    ($database:ident, few $shown:literal) => {
        concat!(
            "
            SELECT +w.sort_at AS sort_at, w.dossier_id, w.item
            FROM work_item w WHERE ",
            $shown,
            "
                AND ($3 IS NULL OR w.procedure = $3)
                AND (+w.sort_at, w.dossier_id, w.item) > ($4, $5, $6)"
        )
    };
    (@found $shown:expr $(, $role:expr)*) => {
        concat!(
            "
            FROM work_item w WHERE ",
            $shown,
            $($role,)*
            "
                AND ($3 IS NULL OR w.procedure = $3)
                AND (w.sort_at, w.dossier_id, w.item) > ($4, $5, $6)"
        )
    };
}

// `kept`: what commits have counted.
macro_rules! count {
    ($database:ident, kept $shown:literal) => {
        concat!(
            "(SELECT CAST(coalesce(sum(q.items), 0) AS bigint) FROM queue_count q
            WHERE q.unit = $1 AND q.role ",
            roles!($database),
            " AND ($3 IS NULL OR q.procedure = $3)
                AND ",
            $shown,
            ")"
        )
    };
    ($database:ident, few $shown:literal) => {
        count!($database, all $shown)
    };
    ($database:ident, all $shown:literal) => {
        concat!(
            "(SELECT count(*) FROM work_item w
            WHERE ",
            $shown,
            " AND ($3 IS NULL OR w.procedure = $3))"
        )
    };
    ($database:ident, $by_role:ident $shown:literal) => {
        concat!(
            "(SELECT count(*) FROM work_item w
            WHERE ",
            $shown,
            " AND ($3 IS NULL OR w.procedure = $3)
                AND w.role ",
            roles!($database),
            ")"
        )
    };
}

const WORKLIST_STATUS: Statement = worklist!(
    "worklist_status",
    kept "q.status = $8",
    each "w.unit = $1 AND w.status IN (1, 9) AND w.status = $8"
);
const WORKLIST_MINE: Statement = worklist!(
    "worklist_mine",
    of "w.unit = $1 AND w.assignee IS NOT NULL AND w.assignee = $8"
);
const WORKLIST_UNCLAIMED: Statement = worklist!(
    "worklist_unclaimed",
    kept "q.status IN (0, 1, 9) AND NOT q.claimed",
    each "w.unit = $1 AND w.assignee IS NULL"
);
const WORKLIST_OF_APPLICANT: Statement = worklist!(
    "worklist_of_applicant",
    kept "q.status IN (0, 1, 9)",
    all "w.unit = $1 AND w.role = 'applicant'"
);
// The same of one procedure, which has an index of its own: it may be a small part of a long queue. The
// other queues need none: they are bounded by a person, a day, or what is late.
const WORKLIST_STATUS_OF_PROCEDURE: Statement = worklist!(
    "worklist_status_of_procedure",
    kept "q.status = $8",
    of_procedure_in_status "TRUE"
);
const WORKLIST_UNCLAIMED_OF_PROCEDURE: Statement = worklist!(
    "worklist_unclaimed_of_procedure",
    kept "q.status IN (0, 1, 9) AND NOT q.claimed",
    of_procedure "(w.assignee IS NULL) IS NOT FALSE"
);
const WORKLIST_OF_APPLICANT_OF_PROCEDURE: Statement = worklist!(
    "worklist_of_applicant_of_procedure",
    kept "q.status IN (0, 1, 9)",
    of_procedure "TRUE"
);
// An appointment lies on its date, so its instant is within a day of it in every time zone.
const WORKLIST_DUE_TODAY: Statement = worklist!(
    "worklist_due_today",
    each "w.unit = $1 AND w.late_at IS NOT NULL AND w.due_on = $8
                AND w.sort_at BETWEEN $9 - 86400000000 AND $9 + 172800000000"
);
// What is late has passed its appointment.
const WORKLIST_LATE: Statement = worklist!(
    "worklist_late",
    each "w.unit = $1 AND w.late_at IS NOT NULL AND w.late_at <= $8 AND w.sort_at <= $8"
);
// Whoever leads a unit sees all roles, and also what its dossiers wait for elsewhere, by the appointment
// or else by the time of the step: an index for each part. The centre's day begins 7 hours before UTC's.
const WORKLIST_DUE_TODAY_LED: Statement = worklist!(
    "worklist_due_today_led",
    each "w.unit = $1 AND w.late_at IS NOT NULL AND w.due_on = $8
                AND w.sort_at BETWEEN $9 - 86400000000 AND $9 + 172800000000",
    all "w.overseen_by = $1 AND (w.late_at IS NOT NULL OR w.step_due_at IS NOT NULL)
                AND w.due_on = $8 AND w.sort_at BETWEEN $9 - 86400000000 AND $9 + 172800000000",
    few "w.overseen_by = $1 AND w.step_due_at IS NOT NULL
                AND w.step_due_at >= $9 - 25200000000 AND w.step_due_at < $9 + 61200000000
                AND (w.late_at IS NULL OR w.due_on IS NULL OR w.due_on <> $8)"
);
const WORKLIST_LATE_LED: Statement = worklist!(
    "worklist_late_led",
    each "w.unit = $1 AND w.late_at IS NOT NULL AND w.late_at <= $8 AND w.sort_at <= $8",
    all "w.overseen_by = $1 AND (w.late_at IS NOT NULL OR w.step_due_at IS NOT NULL)
                AND w.late_at <= $8 AND w.sort_at <= $8",
    all "w.overseen_by = $1 AND w.step_late AND (w.late_at IS NULL OR w.late_at > $8)"
);

pub(super) const STATEMENTS: &[Statement] = &[
    WORKLIST_STATUS,
    WORKLIST_MINE,
    WORKLIST_UNCLAIMED,
    WORKLIST_OF_APPLICANT,
    WORKLIST_STATUS_OF_PROCEDURE,
    WORKLIST_UNCLAIMED_OF_PROCEDURE,
    WORKLIST_OF_APPLICANT_OF_PROCEDURE,
    WORKLIST_DUE_TODAY,
    WORKLIST_LATE,
    WORKLIST_DUE_TODAY_LED,
    WORKLIST_LATE_LED,
];

pub(crate) async fn worklist(
    reads: &Reads,
    query: &WorklistQuery,
) -> Result<WorklistPage, Failure> {
    let is_of_one = query.procedure.is_some();
    let statement = match query.queue {
        Queue::ToReceive | Queue::ReadyToDeliver if is_of_one => WORKLIST_STATUS_OF_PROCEDURE,
        Queue::ToReceive | Queue::ReadyToDeliver => WORKLIST_STATUS,
        Queue::Mine => WORKLIST_MINE,
        Queue::Unclaimed if is_of_one => WORKLIST_UNCLAIMED_OF_PROCEDURE,
        Queue::Unclaimed => WORKLIST_UNCLAIMED,
        Queue::WaitingForApplicant if is_of_one => WORKLIST_OF_APPLICANT_OF_PROCEDURE,
        Queue::WaitingForApplicant => WORKLIST_OF_APPLICANT,
        Queue::DueToday if query.desk.leads() => WORKLIST_DUE_TODAY_LED,
        Queue::DueToday => WORKLIST_DUE_TODAY,
        Queue::Late if query.desk.leads() => WORKLIST_LATE_LED,
        Queue::Late => WORKLIST_LATE,
    };
    let roles = query.desk.roles_in(query.queue);
    let roles: Vec<Value> = roles.into_iter().map(|role| role.as_str().into()).collect();
    let roles = Value::Array(roles).to_string();
    let (sort_at, dossier, item) = match &query.after {
        Some(key) => (key.sort_at_us, key.dossier, i64::from(key.item)),
        None => (i64::MIN, Uuid::nil(), 0),
    };
    let mut arguments = vec![
        Text(&query.desk.unit),
        Text(&roles),
        OptionalText(query.procedure.as_deref()),
        Integer(sort_at),
        Id(dossier),
        Integer(item),
        Integer(query.limit.into()),
    ];
    let today = query.today.to_string();
    match query.queue {
        Queue::ToReceive => arguments.push(Integer(u8::from(Status::Submitted).into())),
        Queue::ReadyToDeliver => arguments.push(Integer(u8::from(Status::Completed).into())),
        Queue::Mine => arguments.push(Text(&query.desk.person)),
        Queue::Unclaimed | Queue::WaitingForApplicant => {}
        Queue::DueToday => {
            let midnight = jiff::tz::TimeZone::UTC
                .to_timestamp(query.today.to_datetime(jiff::civil::Time::midnight()));
            let midnight = midnight.map_or(i64::MAX / 2, |at| at.as_microsecond());
            arguments.extend([Text(&today), Integer(midnight)]);
        }
        Queue::Late => arguments.push(Integer(query.now.as_microsecond())),
    }
    let rows = reads.rows(statement, &arguments).await?;
    let mut page = WorklistPage { rows: Vec::with_capacity(rows.len()), total: 0 };
    for row in &rows {
        let columns = Columns::new(row, "work_item", "dossier_id");
        page.total = columns.number("total")?;
        // One row without an item says that the page is empty.
        if columns.id_optional("dossier_id")?.is_some() {
            page.rows.push(row_of(row, query)?);
        }
    }
    Ok(page)
}

fn row_of(row: &Row, query: &WorklistQuery) -> Result<WorklistRow, Failure> {
    let columns = Columns::new(row, "work_item", "dossier_id");
    let dossier = Columns::new(row, "dossier", "dossier_id");
    let item: u32 = columns.number("item")?;
    let name: &str = columns.get("role")?;
    let role = Role::ALL.into_iter().find(|role| role.as_str() == name);
    let late_at = columns.instant_optional("late_at")?;
    Ok(WorklistRow {
        key: WorklistKey {
            sort_at_us: columns.get("sort_at")?,
            dossier: columns.id("dossier_id")?,
            item,
        },
        code: dossier.get("code")?,
        procedure: columns.get("procedure")?,
        status: Status::try_from(columns.number::<u8>("status")?)
            .map_err(|_| columns.corrupt("status"))?,
        item: WorkItem {
            id: item,
            step: columns.get("step")?,
            branch: columns.get("branch")?,
            role: role.ok_or_else(|| columns.corrupt("role"))?,
            unit: columns.get("unit")?,
            assignee: columns.get("assignee")?,
            opened_at: columns.instant("opened_at")?,
            due_at: columns.instant_optional("step_due_at")?,
            late: columns.get("step_late")?,
        },
        due_on: columns.parse_optional("due_on")?,
        due_at: dossier.instant_optional("due_at")?,
        late: late_at.is_some_and(|late_at| late_at <= query.now),
        version: dossier.number("version")?,
    })
}

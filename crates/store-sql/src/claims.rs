//! Which node fires a due timer: claims, and their early ends.

use jiff::Timestamp;
use motcua_store::contract::{Claim, ParkedTimer, PutOff};
use uuid::Uuid;

use crate::database::Argument::{Id, Integer, OptionalText, Text};
use crate::database::{Reads, Session, Statement};
use crate::desk::{Verdict, Write};
use crate::error::{Columns, Failure};

// Of the timers of a dossier only the first counts, so the cost does not grow with the backlog. The
// page begins behind the last one: what has fired since lies before it, and is not gone through.
macro_rules! first_due {
    () => {
        "
        SELECT t.dossier_id, t.name FROM timer t
        WHERE t.due_at <= $1 AND (t.due_at, t.dossier_id) > ($3, $4)
            AND (t.claimed_until IS NULL OR t.claimed_until <= $1 OR t.claimed_for <> t.due_at)
            AND NOT EXISTS (
                SELECT 1 FROM timer earlier
                WHERE earlier.dossier_id = t.dossier_id
                    AND (earlier.due_at, earlier.name) < (t.due_at, t.name))
        ORDER BY t.due_at, t.dossier_id LIMIT $5"
    };
}
macro_rules! claimed {
    () => {
        "claimed_for = due_at, claimed_until = $2,
        attempts = CASE WHEN claimed_for = due_at THEN attempts + 1 ELSE 1 END"
    };
}
/// Nobody waits for another: what another node claims, or a commit changes, is passed over.
const TIMER_CLAIM: Statement = Statement {
    sqlite: concat!(
        "-- timer_claim
    UPDATE timer SET ",
        claimed!(),
        " WHERE (dossier_id, name) IN (",
        first_due!(),
        ")
    RETURNING dossier_id, name, due_at, attempts"
    ),
    postgres: concat!(
        "-- timer_claim
    WITH due AS MATERIALIZED (",
        first_due!(),
        " FOR UPDATE SKIP LOCKED)
    UPDATE timer c SET ",
        claimed!(),
        " FROM due WHERE c.dossier_id = due.dossier_id AND c.name = due.name
    RETURNING c.dossier_id, c.name, c.due_at, c.attempts"
    ),
};
macro_rules! still_claimed {
    () => {
        "dossier_id = $1 AND name = $2 AND due_at = $3 AND claimed_for = $3
            AND claimed_until = $4"
    };
}
const TIMER_PUT_OFF: Statement = Statement {
    sqlite: concat!(
        "-- timer_put_off
    UPDATE timer SET claimed_until = $5, attempts = $6, failure = $7
        WHERE ",
        still_claimed!()
    ),
    postgres: concat!(
        "-- timer_put_off
    WITH held AS MATERIALIZED (
        SELECT dossier_id, name FROM timer
        WHERE ",
        still_claimed!(),
        " FOR UPDATE SKIP LOCKED)
    UPDATE timer t SET claimed_until = $5, attempts = $6, failure = $7
        FROM held WHERE t.dossier_id = held.dossier_id AND t.name = held.name"
    ),
};

/// $2 is how many attempts a parked timer has had; at most 1,000 are counted.
const TIMERS_PARKED: &str = "-- timers_parked
    SELECT count(*) AS parked, CAST(min(failure) AS TEXT) AS failure FROM (
        SELECT failure FROM timer
        WHERE due_at <= $1 AND claimed_for = due_at AND attempts >= $2 AND failure IS NOT NULL
        ORDER BY due_at LIMIT 1000) few";

/// As [`TIMERS_PARKED`], a page of them.
const TIMER_PARKED_PAGE: &str = "-- timer_parked_page
    SELECT t.dossier_id, d.code, t.name, t.due_at, t.attempts, t.failure, t.claimed_until
    FROM timer t JOIN dossier d ON d.id = t.dossier_id
    WHERE t.failure IS NOT NULL AND t.claimed_for = t.due_at AND t.attempts >= $1
        AND (t.due_at, t.dossier_id, t.name) > ($2, $3, $4)
    ORDER BY t.due_at, t.dossier_id, t.name LIMIT $5";

pub(crate) const STATEMENTS: &[Statement] = &[
    TIMER_CLAIM,
    TIMER_PUT_OFF,
    Statement::both(TIMERS_PARKED),
    Statement::both(TIMER_PARKED_PAGE),
];

/// A page of the timers that failed so often.
pub(crate) async fn parked_page(
    reads: &Reads,
    attempts_min: u32,
    after: Option<(Timestamp, Uuid, String)>,
    limit: u32,
) -> Result<Vec<ParkedTimer>, Failure> {
    let (due_at, dossier, name) = match &after {
        Some((due_at, dossier, name)) => (due_at.as_microsecond(), *dossier, name.as_str()),
        None => (i64::MIN, Uuid::nil(), ""),
    };
    let arguments = [
        Integer(attempts_min.into()),
        Integer(due_at),
        Id(dossier),
        Text(name),
        Integer(limit.into()),
    ];
    let rows = reads.rows(TIMER_PARKED_PAGE, &arguments).await?;
    let timer = |row| {
        let columns = Columns::new(row, "timer", "dossier_id");
        Ok(ParkedTimer {
            dossier: columns.id("dossier_id")?,
            code: columns.get("code")?,
            timer: columns.get("name")?,
            due_at: columns.instant("due_at")?,
            attempts: columns.number("attempts")?,
            failure: columns.get("failure")?,
            retry_at: columns.instant("claimed_until")?,
        })
    };
    rows.iter().map(timer).collect()
}

/// Dossiers whose timers could not be fired so often, at most 1,000, with one of the reasons.
pub(crate) async fn parked(
    reads: &Reads,
    now: Timestamp,
    attempts_min: u32,
) -> Result<(u32, Option<String>), Failure> {
    let arguments = [Integer(now.as_microsecond()), Integer(attempts_min.into())];
    let row = reads.one(TIMERS_PARKED, &arguments).await?;
    let columns = Columns::new(&row, "timer", "failure");
    Ok((columns.number("parked")?, columns.get("failure")?))
}

/// Claims dossiers whose timers are due.
pub(crate) struct ClaimTimers {
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) after: Option<(Timestamp, Uuid)>,
    pub(crate) limit: u32,
}

impl Write for ClaimTimers {
    type Answer = Vec<Claim>;

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<Vec<Claim>>, Failure> {
        let (after_at, after_id) = match self.after {
            Some((at, id)) => (at.as_microsecond(), id),
            None => (i64::MIN, Uuid::nil()),
        };
        let until = self.until.as_microsecond();
        let arguments = [
            Integer(self.now.as_microsecond()),
            Integer(until),
            Integer(after_at),
            Id(after_id),
            Integer(self.limit.into()),
        ];
        let mut claims = Vec::new();
        for row in &session.rows_planned_anew(TIMER_CLAIM, &arguments).await? {
            let columns = Columns::new(row, "timer", "dossier_id");
            claims.push(Claim {
                dossier: columns.id("dossier_id")?,
                timer: columns.get("name")?,
                due_at: columns.instant("due_at")?,
                // As the store keeps it.
                until: Timestamp::from_microsecond(until).unwrap_or(self.until),
                attempts: columns.number("attempts")?,
            });
        }
        // An update gives its rows in no order.
        claims.sort_unstable_by_key(Claim::place);
        Ok(Ok(claims))
    }
}

/// Ends claims.
pub(crate) struct PutOffTimers(pub(crate) Vec<PutOff>);

impl Write for PutOffTimers {
    type Answer = ();

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<()>, Failure> {
        for PutOff { claim, until, attempts, failure } in &self.0 {
            let arguments = [
                Id(claim.dossier),
                Text(&claim.timer),
                Integer(claim.due_at.as_microsecond()),
                Integer(claim.until.as_microsecond()),
                Integer(until.as_microsecond()),
                Integer((*attempts).into()),
                OptionalText(failure.as_deref()),
            ];
            session.execute(TIMER_PUT_OFF, &arguments).await?;
        }
        Ok(Ok(()))
    }
}

//! `motcua doctor`: whether database, clock, disk, keys and calendar are in order.

mod file;
mod place;
mod server;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use motcua_deadlines::Calendar;
use motcua_engine::limits::TIMER_ATTEMPTS_MAX;
use motcua_engine::{Clock as _, SystemClock};
use motcua_store::contract::RegisterKind;
use motcua_store_sql::{Glance, Look, Schema, Server};
use serde_json::{Value, json};

use crate::Ending;
use crate::output::Output;
use crate::settings::{Flags, Parsed, PlaceFlags, Settings};
use crate::table::{Table, clean};

/// Difference between this clock and the database server's from which it is a warning, an error.
const CLOCK_DIFFERENCE_WARN_MS: i64 = 1_000;
const CLOCK_DIFFERENCE_ERROR_MS: i64 = 10_000;
/// Time that the calendar should cover from today on.
const CALENDAR_MONTHS: i64 = 12;

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    place: PlaceFlags,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// In order.
    Fine,
    /// Something to know or to plan for.
    Warning,
    /// What was acknowledged, or the service itself, is in danger.
    Error,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A sentence in both languages.
#[derive(Clone, Debug)]
struct Words {
    vi: String,
    en: String,
}

impl Words {
    fn read<'a>(&'a self, output: &Output) -> &'a str {
        output.either(&self.vi, &self.en)
    }
}

/// What was looked at. Codes stay the same for ever.
#[derive(Clone, Debug)]
struct Check {
    code: &'static str,
    status: Status,
    found: Words,
    remedy: Option<Words>,
}

impl Check {
    /// A check that is in order until told otherwise.
    fn new(code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        let found = Words { vi: vi.into(), en: en.into() };
        Self { code, status: Status::Fine, found, remedy: None }
    }

    /// Found the same words in both languages.
    fn plain(code: &'static str, found: impl Into<String>) -> Self {
        let found = found.into();
        Self::new(code, found.clone(), found)
    }

    /// An error with its remedy, where it is one.
    fn error_if(self, is_error: bool, vi: &str, en: &str) -> Self {
        self.with(is_error, Status::Error, vi, en)
    }

    /// A warning with its remedy, where it is one and nothing worse was found.
    fn warning_if(self, is_warning: bool, vi: &str, en: &str) -> Self {
        self.with(is_warning, Status::Warning, vi, en)
    }

    /// What could not be looked at. Nobody knows how it is, so it is an error.
    fn unseen(code: &'static str, error: &dyn std::fmt::Display) -> Self {
        Self::new(
            code,
            format!("không xem được: {error}"),
            format!("could not be looked at: {error}"),
        )
        .error_if(
            true,
            "Khắc phục nguyên nhân (xem nhật ký máy chủ; tải cao thì chọn lúc vắng) rồi chạy lại.",
            "Mend the cause (see the server's log; under load choose a quiet hour) and run it again.",
        )
    }

    fn with(mut self, applies: bool, status: Status, vi: &str, en: &str) -> Self {
        if applies && self.status == Status::Fine {
            self.status = status;
            self.remedy = Some(Words { vi: vi.to_owned(), en: en.to_owned() });
        }
        self
    }
}

/// Runs the command.
pub(crate) async fn run(arguments: DoctorArguments, output: &Output) -> anyhow::Result<Ending> {
    let checks = match examine(arguments).await {
        Ok(checks) => checks,
        Err(error) => {
            output.note(&format!("{} {error:#}", output.error_mark()));
            return Ok(Ending::Unreadable);
        }
    };
    match output.json {
        true => output.value(&report(&checks, output))?,
        false => show(&checks, output)?,
    }
    let has_error = checks.iter().any(|check| check.status == Status::Error);
    Ok(if has_error { Ending::Differs } else { Ending::Well })
}

async fn examine(arguments: DoctorArguments) -> anyhow::Result<Vec<Check>> {
    let settings = Settings::read(&Flags::from(arguments.place))?.parse()?;
    let folder = &settings.folder;
    if !folder.has_database() {
        let shown = folder.database_shown();
        anyhow::bail!("there is no database at {shown}: name the folder of a service with --data");
    }
    let glance = folder.glance(&settings.store).await?;
    let examined = examine_all(&settings, &glance).await;
    glance.close().await;
    examined.map_err(|error| error.context(folder.unreadable()))
}

async fn examine_all(settings: &Parsed, glance: &Glance) -> anyhow::Result<Vec<Check>> {
    let look = glance.look().await?;
    let mut checks = vec![program(&look)];
    match &look.server {
        Server::Sqlite(file) => checks.extend(file::checks(file)),
        Server::Postgres(server) => checks.extend(server::checks(server, &settings.store)),
    }
    checks.push(schema(&look.schema));
    checks.push(seen("CLOCK", clock(glance, &look).await));
    checks.push(seen("CALENDAR", calendar(glance, today()).await));
    checks.push(seen("TIMERS", timers(glance).await));
    checks.push(seen("QUEUES", queues(glance).await));
    checks.extend(place::checks(&settings.folder, glance, look.origin.is_some()).await);
    Ok(checks)
}

/// One check that fails is told in its place; the others go on.
fn seen(code: &'static str, looked: anyhow::Result<Check>) -> Check {
    looked.unwrap_or_else(|error| Check::unseen(code, &format!("{error:#}")))
}

fn program(look: &Look) -> Check {
    let (version, schema) = (env!("CARGO_PKG_VERSION"), &look.schema);
    let origin = look.origin.as_deref().unwrap_or("-");
    let (applied, known) = (schema.applied, schema.known);
    Check::new(
        "PROGRAM",
        format!(
            "motcua {version}, lược đồ {applied} (chương trình biết {known}), nhật ký {origin}"
        ),
        format!("motcua {version}, schema {applied} (the program knows {known}), log {origin}"),
    )
}

fn schema(schema: &Schema) -> Check {
    let Schema { pending, expanded, newer, differing, .. } = schema;
    let list = |names: &[String]| names.join(", ");
    if !differing.is_empty() {
        let found = list(differing);
        return Check::new(
            "SCHEMA",
            format!("khác bản phát hành: {found}"),
            format!("differs: {found}"),
        )
        .error_if(
            true,
            "Khôi phục cơ sở dữ liệu từ bản sao lưu, hoặc chạy đúng chương trình đã tạo nó.",
            "Restore the database from the backup, or run the program that made it.",
        );
    }
    if !newer.is_empty() {
        let found = list(newer);
        return Check::new(
            "SCHEMA",
            format!("mới hơn chương trình: {found}"),
            format!("newer: {found}"),
        )
        .error_if(
            true,
            "Chạy phiên bản chương trình mới hơn.",
            "Run the newer version of the program; this one would refuse to start.",
        );
    }
    let (found, waits) = (list(pending), !pending.is_empty());
    let check = match (waits, expanded.is_empty()) {
        (true, _) => {
            Check::new("SCHEMA", format!("chưa áp dụng: {found}"), format!("pending: {found}"))
        }
        (false, true) => Check::new("SCHEMA", "mới nhất", "the newest"),
        (false, false) => {
            let more = list(expanded);
            Check::new("SCHEMA", format!("đã mở rộng thêm: {more}"), format!("expanded by {more}"))
        }
    };
    let check = check.warning_if(
        waits,
        "Chạy `motcua migrate`, hoặc khởi động dịch vụ bằng chương trình này.",
        "Run `motcua migrate`, or start the service with this program.",
    );
    check.warning_if(
        !expanded.is_empty(),
        "Nâng cấp các nút còn lại; chương trình này vẫn chạy được.",
        "Bring the other nodes to the newer version; this one goes on meanwhile.",
    )
}

/// This machine's clock against the server's, or against the last event of a file.
async fn clock(glance: &Glance, look: &Look) -> anyhow::Result<Check> {
    let before = SystemClock.now();
    let theirs = glance.clock().await?;
    let after = SystemClock.now();
    let remedy = (
        "Đồng bộ đồng hồ của các máy (chrony, systemd-timesyncd) rồi mới chạy dịch vụ.",
        "Keep the clocks of the machines in step (chrony, systemd-timesyncd) before you serve.",
    );
    if let Some(theirs) = theirs {
        let off = difference_ms(before, theirs, after);
        return Ok(Check::new(
            "CLOCK",
            format!("lệch {off} ms so với máy chủ cơ sở dữ liệu"),
            format!("{off} ms from the database server's"),
        )
        .error_if(off > CLOCK_DIFFERENCE_ERROR_MS, remedy.0, remedy.1)
        .warning_if(off > CLOCK_DIFFERENCE_WARN_MS, remedy.0, remedy.1));
    }
    let last = match &look.server {
        Server::Sqlite(file) => file.last_event.clone()?,
        Server::Postgres(_) => None,
    };
    let Some(last) = last else {
        return Ok(Check::new("CLOCK", "chưa có sự kiện nào", "no event yet"));
    };
    Ok(Check::new(
        "CLOCK",
        format!("{after}, sự kiện cuối {last}"),
        format!("{after}, last event {last}"),
    )
    .error_if(last > after, remedy.0, remedy.1))
}

/// Timers that no node could fire.
async fn timers(glance: &Glance) -> anyhow::Result<Check> {
    let (parked, why) = glance.parked_timers(SystemClock.now(), TIMER_ATTEMPTS_MAX).await?;
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    Ok(Check::new(
        "TIMERS",
        format!("{parked} hồ sơ có hẹn giờ không kích hoạt được{why}"),
        format!("{parked} dossiers whose timers could not be fired{why}"),
    )
    .warning_if(
        parked > 0,
        "Khắc phục nguyên nhân; hẹn giờ được thử lại mỗi giờ và khi hồ sơ được thao tác.",
        "Mend the cause; they are tried again every hour, and with any act on the dossier.",
    ))
}

async fn queues(glance: &Glance) -> anyhow::Result<Check> {
    let differing = glance.miscounted().await?;
    Ok(Check::new(
        "QUEUES",
        format!("{differing} số đếm của hàng đợi khác với công việc đang mở"),
        format!("{differing} numbers of queues are not those of the open work"),
    )
    .warning_if(
        differing > 0,
        "Đếm lại như docs/operations.md hướng dẫn; công việc và hồ sơ không bị ảnh hưởng.",
        "Count anew as docs/operations.md says; no work and no dossier is touched by it.",
    ))
}

/// How far an instant lies outside the time in which it was asked for.
fn difference_ms(before: Timestamp, theirs: Timestamp, after: Timestamp) -> i64 {
    let early = before.as_millisecond() - theirs.as_millisecond();
    let late = theirs.as_millisecond() - after.as_millisecond();
    early.max(late).max(0)
}

fn today() -> Date {
    Offset::constant(7).to_datetime(SystemClock.now()).date()
}

async fn calendar(glance: &Glance, today: Date) -> anyhow::Result<Check> {
    let remedy = (
        "Nạp lịch của thông báo nghỉ lễ: `motcua calendar load FILE`.",
        "Load the calendar of the yearly notice: `motcua calendar load FILE`.",
    );
    let Some(entry) = glance.register(RegisterKind::Calendar).await?.pop() else {
        return Ok(Check::new("CALENDAR", "chưa có lịch", "no calendar is loaded")
            .warning_if(true, remedy.0, remedy.1));
    };
    let Ok(calendar) = Calendar::from_json(&entry.bytes) else {
        return Ok(Check::new("CALENDAR", "không đọc được", "cannot be read")
            .error_if(true, remedy.0, remedy.1));
    };
    Ok(covered(&calendar, today))
}

/// Whether the calendar knows the next twelve months, and knows them for good.
fn covered(calendar: &Calendar, today: Date) -> Check {
    use jiff::ToSpan as _;
    let end = today.saturating_add(CALENDAR_MONTHS.months());
    let missing: Vec<i16> =
        (today.year()..=end.year()).filter(|year| !calendar.years().any(|y| y == *year)).collect();
    let provisional: Vec<i16> =
        (today.year()..=end.year()).filter(|year| !calendar.is_official(*year)).collect();
    let load = (
        "Nạp lịch của thông báo nghỉ lễ: `motcua calendar load FILE`.",
        "Load the calendar of the yearly notice: `motcua calendar load FILE`.",
    );
    let check = match (missing.is_empty(), provisional.is_empty()) {
        (false, _) => Check::new(
            "CALENDAR",
            format!("thiếu năm {missing:?}"),
            format!("years missing: {missing:?}"),
        ),
        (true, false) => Check::new(
            "CALENDAR",
            format!("tạm tính cho {provisional:?}"),
            format!("provisional for {provisional:?}"),
        ),
        (true, true) => Check::new("CALENDAR", "đủ 12 tháng, chính thức", "official for 12 months"),
    };
    check.error_if(missing.contains(&today.year()), load.0, load.1).warning_if(
        !missing.is_empty() || !provisional.is_empty(),
        load.0,
        load.1,
    )
}

fn report(checks: &[Check], output: &Output) -> Value {
    let count = |status| checks.iter().filter(|check| check.status == status).count();
    let rows = checks.iter().map(|check| {
        json!({ "code": check.code, "status": check.status.as_str(),
            "found": check.found.read(output),
            "remedy": check.remedy.as_ref().map(|remedy| remedy.read(output)) })
    });
    json!({ "checks": rows.collect::<Vec<_>>(), "errors": count(Status::Error),
        "warnings": count(Status::Warning), "version": env!("CARGO_PKG_VERSION") })
}

fn show(checks: &[Check], output: &Output) -> std::io::Result<()> {
    let mut table = Table::new(&["CHECK", "STATUS", "FOUND"]);
    for check in checks {
        let status = output.label(check.status.as_str()).to_owned();
        table.row([check.code.to_owned(), status, check.found.read(output).to_owned()]);
    }
    output.table(&table)?;
    for check in checks {
        if let Some(remedy) = &check.remedy {
            let mark = output.label(check.status.as_str());
            let mark = match check.status {
                Status::Error => output.red(mark),
                Status::Warning | Status::Fine => output.bold(mark),
            };
            // In full: the table gives way to the terminal.
            let (found, remedy) = (clean(check.found.read(output)), remedy.read(output));
            output.text(&format!("{mark} {}: {found}\n    {remedy}", check.code))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_only_by_what_asking_does_not_explain() {
        let at = |ms| Timestamp::from_millisecond(ms).expect("an instant");
        assert_eq!(difference_ms(at(1_000), at(1_050), at(1_100)), 0);
        assert_eq!(difference_ms(at(1_000), at(900), at(1_100)), 100);
        assert_eq!(difference_ms(at(1_000), at(1_400), at(1_100)), 300);
    }

    #[test]
    fn a_calendar_that_ends_or_is_provisional_is_told() {
        let bytes = include_bytes!("../../deadlines/data/calendar-vn.json");
        let calendar = Calendar::from_json(bytes).expect("the shipped calendar");
        let official: Vec<i16> =
            calendar.years().filter(|year| calendar.is_official(*year)).collect();
        let day = |year| Date::new(year, 1, 1).expect("a day");
        let last = *official.last().expect("an official year");
        assert_eq!(covered(&calendar, day(last)).status, Status::Warning);
        assert_eq!(covered(&calendar, day(2090)).status, Status::Error);
    }

    fn with(change: impl FnOnce(&mut Schema)) -> Status {
        let mut found = Schema { applied: 11, known: 11, ..Schema::default() };
        change(&mut found);
        schema(&found).status
    }

    #[test]
    fn a_schema_that_turns_the_program_away_is_an_error() {
        assert_eq!(with(|_| ()), Status::Fine);
        assert_eq!(with(|s| s.pending.push("0011_a".into())), Status::Warning);
        assert_eq!(with(|s| s.expanded.push("0012_expand_a".into())), Status::Warning);
        assert_eq!(with(|s| s.newer.push("0012_a".into())), Status::Error);
        assert_eq!(with(|s| s.differing.push("0010_a".into())), Status::Error);
    }
}

//! The command contract of `motcua deadline compute` as a function: one line in, one answer out.
//!
//! Members: `unit`, `received_at`, `amount` (absent or 1 for `same_day`), and optionally
//! `paused_at`, `resumed_at`, `regime`, `amount_after`, `cutoff`. `id`, `rule` and `note` are
//! ignored, other members refused. `used` and `remaining` say what the pause found, whatever the
//! regime, in the limit's unit (minutes for hours); both are null without a pause.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::Serialize;

use crate::calendar::Calendar;
use crate::calendar_file::parse_time;
use crate::clock::{Clock, Phase};
use crate::error::DeadlineError;
use crate::explanation::{Explanation, Lang};
use crate::json::{Json, duplicate, pointer};
use crate::limit::{Limit, Regime, check_amount};
use crate::office_hours::OfficeHours;
use crate::reckon::Inputs;
use crate::unit::Unit;
use crate::zone::rfc3339;

/// Longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 1 << 16;

const KNOWN: [&str; 11] = [
    "unit",
    "received_at",
    "amount",
    "paused_at",
    "resumed_at",
    "regime",
    "amount_after",
    "cutoff",
    "id",
    "rule",
    "note",
];

/// Answers one line with one JSON object: the date, or the first fault found.
///
/// The answer is `{"due_on","due_at","used","remaining","provisional","explanation":[…]}` with
/// times in `+07:00`, null dates while a pause is open, or `{"error":{"code","path","message"}}`
/// where `path` is a JSON Pointer.
pub fn compute_line(line: &str, calendar: &Calendar, hours: &OfficeHours, lang: Lang) -> String {
    let answer = read(line).and_then(|request| request.answer(&Inputs { calendar, hours }, lang));
    let text = match &answer {
        Ok(answer) => serde_json::to_string(answer),
        Err(error) => serde_json::to_string(&Failure { error }),
    };
    text.expect("strings, numbers and booleans are always JSON")
}

#[derive(Serialize)]
struct Answer {
    due_on: Option<Date>,
    due_at: Option<String>,
    used: Option<u32>,
    remaining: Option<u32>,
    provisional: bool,
    explanation: Vec<String>,
}

#[derive(Serialize)]
struct Failure<'a> {
    error: &'a LineError,
}

#[derive(Serialize)]
struct LineError {
    code: &'static str,
    path: String,
    message: String,
}

impl LineError {
    fn new(code: &'static str, path: &str, message: impl Into<String>) -> Self {
        Self { code, path: path.to_owned(), message: message.into() }
    }

    fn at(path: &'static str) -> impl Fn(DeadlineError) -> Self {
        move |error| Self::new(error.code(), path, error.to_string())
    }
}

struct Request {
    limit: Limit,
    received_at: Timestamp,
    pause: Option<Pause>,
}

struct Pause {
    at: Timestamp,
    resume: Option<(Timestamp, Regime)>,
}

impl Request {
    fn answer(&self, inputs: &Inputs<'_>, lang: Lang) -> Result<Answer, LineError> {
        let start = Clock::start(&self.limit, self.received_at, inputs);
        let (mut clock, mut explanation) = start.map_err(LineError::at("/received_at"))?;
        let (mut used, mut remaining) = (None, None);
        if let Some(pause) = &self.pause {
            let paused = clock.pause(pause.at, inputs).map_err(LineError::at("/paused_at"))?;
            clock = follow(paused, &mut explanation);
            if let Phase::Paused { used: so_far, remaining: left, .. } = clock.phase() {
                (used, remaining) = (Some(*so_far), Some(*left));
            }
            if let Some((at, regime)) = &pause.resume {
                let resumed = clock.resume(*at, regime, inputs).map_err(resume_error)?;
                clock = follow(resumed, &mut explanation);
            }
        }
        Ok(Answer {
            due_on: clock.due_on(),
            due_at: clock.due_at().map(rfc3339),
            used,
            remaining,
            provisional: clock.is_provisional(),
            explanation: explanation.text(lang),
        })
    }
}

fn follow((clock, next): (Clock, Explanation), explanation: &mut Explanation) -> Clock {
    explanation.lines.extend(next.lines);
    clock
}

fn resume_error(error: DeadlineError) -> LineError {
    let path = match error {
        DeadlineError::RegimeNotForMonths => "/regime",
        DeadlineError::Amount { .. } => "/amount_after",
        DeadlineError::YearAbsent { .. }
        | DeadlineError::WrongPhase { .. }
        | DeadlineError::BeforeStart { .. }
        | DeadlineError::ResumeBeforePause { .. }
        | DeadlineError::AlreadyReappointed { .. }
        | DeadlineError::ApologyTooLate { .. }
        | DeadlineError::RelimitTooLate { .. }
        | DeadlineError::UnitChanged { .. }
        | DeadlineError::NoSpan { .. }
        | DeadlineError::NewDate { .. } => "/resumed_at",
    };
    LineError::at(path)(error)
}

fn read(line: &str) -> Result<Request, LineError> {
    if line.len() > LINE_BYTES_MAX {
        let message = format!("the line is longer than {LINE_BYTES_MAX} bytes; shorten it");
        return Err(LineError::new("LINE_TOO_LONG", "", message));
    }
    let json = Json::parse(line.as_bytes()).map_err(|message| {
        LineError::new("INVALID_JSON", "", format!("{message}; write one JSON object a line"))
    })?;
    let Json::Object(members) = &json else {
        return Err(wrong_type("", &json, "an object"));
    };
    if let Some(name) = duplicate(members) {
        let message = "the member stands twice; keep one of them";
        return Err(LineError::new("DUPLICATE_MEMBER", &pointer("", name), message));
    }
    if let Some((name, _)) = members.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
        let message = format!("unknown member; known are {}", KNOWN.join(", "));
        return Err(LineError::new("UNKNOWN_MEMBER", &pointer("", name), message));
    }
    Members(members).request()
}

fn wrong_type(path: &str, value: &Json, wanted: &str) -> LineError {
    let message = format!("{} stands where {wanted} is needed; correct it", value.type_name());
    LineError::new("WRONG_TYPE", path, message)
}

/// Members of the object: each known, none twice.
struct Members<'a>(&'a [(String, Json)]);

impl<'a> Members<'a> {
    fn request(&self) -> Result<Request, LineError> {
        let unit = self.unit()?;
        let limit = Limit { unit, amount: self.amount(unit)?, cutoff: self.cutoff(unit)? };
        let received_at = self.timestamp("received_at")?;
        let received_at = received_at.ok_or_else(|| missing("received_at"))?;
        Ok(Request { limit, received_at, pause: self.pause(unit)? })
    }

    fn get(&self, name: &str) -> Option<&'a Json> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, LineError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(&pointer("", name), other, "a string")),
        }
    }

    fn integer(&self, name: &str, unit: Unit) -> Result<Option<u32>, LineError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Integer(value)) => {
                let path = pointer("", name);
                let Ok(amount) = u32::try_from(*value) else {
                    let message = format!("{value} is out of range; give a positive integer");
                    return Err(LineError::new("AMOUNT_OUT_OF_RANGE", &path, message));
                };
                check_amount(unit, amount)
                    .map_err(|error| LineError::new(error.code(), &path, error.to_string()))?;
                Ok(Some(amount))
            }
            Some(other) => Err(wrong_type(&pointer("", name), other, "an integer")),
        }
    }

    fn unit(&self) -> Result<Unit, LineError> {
        let text = self.text("unit")?.ok_or_else(|| missing("unit"))?;
        Unit::ALL.into_iter().find(|unit| unit.as_str() == text).ok_or_else(|| {
            let names = Unit::ALL.map(Unit::as_str).join(", ");
            LineError::new("UNKNOWN_VALUE", "/unit", format!("unknown unit; give one of {names}"))
        })
    }

    fn amount(&self, unit: Unit) -> Result<u32, LineError> {
        match (self.integer("amount", unit)?, unit) {
            (Some(amount), _) => Ok(amount),
            (None, Unit::SameDay) => Ok(1),
            (None, Unit::WorkingDay | Unit::CalendarDay | Unit::WorkingHour | Unit::Month) => {
                Err(missing("amount"))
            }
        }
    }

    fn cutoff(&self, unit: Unit) -> Result<Option<Time>, LineError> {
        let Some(text) = self.text("cutoff")? else {
            return Ok(None);
        };
        if unit != Unit::SameDay {
            let message = "only same_day has a cut-off; remove the member";
            return Err(LineError::new("NOT_APPLICABLE", "/cutoff", message));
        }
        let time = parse_time(text).ok_or_else(|| {
            LineError::new("INVALID_TIME", "/cutoff", "no time of day; write HH:MM or HH:MM:SS")
        })?;
        Ok(Some(time))
    }

    fn timestamp(&self, name: &str) -> Result<Option<Timestamp>, LineError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let time = Some(text).filter(|text| has_rfc3339_shape(text)).and_then(|t| t.parse().ok());
        let time = time.ok_or_else(|| {
            let message = "no RFC 3339 time with offset; write 2026-10-01T09:00:00+07:00";
            LineError::new("INVALID_TIME", &pointer("", name), message)
        })?;
        Ok(Some(time))
    }

    fn pause(&self, unit: Unit) -> Result<Option<Pause>, LineError> {
        let regime = self.regime(unit)?;
        let paused_at = self.timestamp("paused_at")?;
        let resume = match (self.timestamp("resumed_at")?, regime) {
            (None, _) => None,
            (Some(at), Some(regime)) => Some((at, regime)),
            (Some(_), None) => return Err(missing("regime")),
        };
        match (paused_at, resume) {
            (None, Some(_)) => Err(missing("paused_at")),
            (None, None) => Ok(None),
            (Some(at), resume) => Ok(Some(Pause { at, resume })),
        }
    }

    fn regime(&self, unit: Unit) -> Result<Option<Regime>, LineError> {
        let regime = self.text("regime")?;
        let fixed_unit = if unit == Unit::SameDay { Unit::WorkingDay } else { unit };
        let after = self.integer("amount_after", fixed_unit)?;
        if after.is_some() && regime != Some("fixed_after") {
            let message = "only the regime fixed_after has it; remove the member";
            return Err(LineError::new("NOT_APPLICABLE", "/amount_after", message));
        }
        match regime {
            None => Ok(None),
            Some("resume_remaining") => Ok(Some(Regime::ResumeRemaining)),
            Some("restart_full") => Ok(Some(Regime::RestartFull)),
            Some("fixed_after") => {
                let amount = after.ok_or_else(|| missing("amount_after"))?;
                Ok(Some(Regime::FixedAfter { amount }))
            }
            Some(_) => {
                let message = "unknown regime; give resume_remaining, restart_full or fixed_after";
                Err(LineError::new("UNKNOWN_VALUE", "/regime", message))
            }
        }
    }
}

fn missing(name: &str) -> LineError {
    LineError::new("MISSING_MEMBER", &pointer("", name), format!("{name} is missing; add it"))
}

/// Date, `T`, time with seconds, and an offset (RFC 3339 section 5.6); values are judged later.
fn has_rfc3339_shape(text: &str) -> bool {
    let Some((head, tail)) = text.split_at_checked(19) else {
        return false;
    };
    let fits = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                _ => byte == wanted,
            })
    };
    let offset = match tail.strip_prefix('.') {
        None => tail,
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if !(1..=9).contains(&(fraction.len() - offset.len())) {
                return false;
            }
            offset
        }
    };
    let known_offset = offset == "Z" || fits(offset, "+00:00") || fits(offset, "-00:00");
    fits(head, "0000-00-00T00:00:00") && known_offset
}

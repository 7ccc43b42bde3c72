//! Reading a calendar file: one pass that reports every fault with its path and remedy.

use std::fmt;

use jiff::civil::{Date, Time, Weekday};

use crate::calendar::{DayName, Entry, EntryKind, Parts, weekday_index};
use crate::json::{Json, duplicate, pointer};
use crate::office_hours::OfficeHours;

/// Largest calendar file, in bytes.
pub const CALENDAR_BYTES_MAX: usize = 1 << 20;

/// Years that a calendar may hold.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Members that describe a calendar and decide nothing.
const DESCRIPTIVE: [&str; 8] =
    ["title", "utc_offset", "as_of", "applies_to", "kinds", "algorithm", "certainty", "sources"];

/// One fault of a calendar file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON Pointer to the place.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// A calendar that was refused, with every fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct CalendarError {
    faults: Vec<Fault>,
}

impl CalendarError {
    /// The faults in the order of the file; at least one.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl fmt::Display for CalendarError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the calendar has {} fault(s)", self.faults.len())?;
        for Fault { path, message, remedy } in &self.faults {
            let path = if path.is_empty() { "file" } else { path };
            write!(formatter, "\n{path}: {message}; {remedy}")?;
        }
        Ok(())
    }
}

/// Reads the bytes of a file.
pub(crate) fn read(bytes: &[u8]) -> Result<Parts, CalendarError> {
    let mut reader = Reader::default();
    if bytes.len() > CALENDAR_BYTES_MAX {
        reader.fault("", "the file is too large", "keep it within 1 MiB");
    } else {
        match Json::parse(bytes) {
            Ok(root) => reader.root(&root),
            Err(message) => reader.fault("", message, "write one JSON object in UTF-8"),
        }
    }
    if reader.faults.is_empty() {
        Ok(reader.parts)
    } else {
        Err(CalendarError { faults: reader.faults })
    }
}

#[derive(Default)]
struct Reader {
    parts: Parts,
    faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        let (message, remedy) = (message.into(), remedy.into());
        self.faults.push(Fault { path: path.to_owned(), message, remedy });
    }

    fn root(&mut self, root: &Json) {
        let Some(members) = self.object("", root) else {
            return;
        };
        self.required("", members, &["schema_version", "weekly_rest_days", "years"]);
        for (name, value) in members {
            let path = pointer("", name);
            match name.as_str() {
                "schema_version" => self.expect(&path, value, &Json::Integer(1), "1"),
                "timezone" => {
                    let zone = "Asia/Ho_Chi_Minh";
                    self.expect(&path, value, &Json::Text(zone.to_owned()), zone);
                }
                "weekly_rest_days" => self.rest_days(&path, value),
                "years" => self.years(&path, value),
                "office_hours_profiles" => self.profiles(&path, value),
                other if DESCRIPTIVE.contains(&other) => {}
                _ => self.unknown(&path),
            }
        }
        self.makeup_days_are_rest_days();
    }

    fn expect(&mut self, path: &str, value: &Json, wanted: &Json, text: &str) {
        if value != wanted {
            self.fault(path, "another value is not known here", format!("write {text}"));
        }
    }

    fn unknown(&mut self, path: &str) {
        self.fault(path, "unknown member", "remove it or correct its name");
    }

    fn object<'a>(&mut self, path: &str, value: &'a Json) -> Option<&'a [(String, Json)]> {
        let Json::Object(members) = value else {
            let message = format!("{} stands where an object is needed", value.type_name());
            self.fault(path, message, "write an object");
            return None;
        };
        if let Some(name) = duplicate(members) {
            self.fault(&pointer(path, name), "the member stands twice", "keep one of them");
        }
        Some(members)
    }

    fn array<'a>(&mut self, path: &str, value: &'a Json) -> &'a [Json] {
        let Json::Array(items) = value else {
            let message = format!("{} stands where an array is needed", value.type_name());
            self.fault(path, message, "write an array");
            return &[];
        };
        items
    }

    fn text<'a>(&mut self, path: &str, value: &'a Json) -> Option<&'a str> {
        match value {
            Json::Text(text) if text.contains('\0') => {
                self.fault(path, "the text contains U+0000", "remove that character");
                None
            }
            Json::Text(text) => Some(text),
            Json::Null
            | Json::Bool
            | Json::Integer(_)
            | Json::Number
            | Json::Array(_)
            | Json::Object(_) => {
                let message = format!("{} stands where a string is needed", value.type_name());
                self.fault(path, message, "write a string");
                None
            }
        }
    }

    fn required(&mut self, path: &str, members: &[(String, Json)], names: &[&str]) {
        for name in names {
            if !members.iter().any(|(member, _)| member == name) {
                self.fault(&pointer(path, name), "the member is missing", "add it");
            }
        }
    }

    fn rest_days(&mut self, path: &str, value: &Json) {
        for (index, item) in self.array(path, value).iter().enumerate() {
            let path = format!("{path}/{index}");
            let Some(text) = self.text(&path, item) else {
                continue;
            };
            match WEEKDAYS.iter().position(|name| *name == text) {
                Some(day) => self.parts.rest[day] = true,
                None => self.fault(&path, "no such weekday", "write one of mon to sun"),
            }
        }
        if self.parts.rest.iter().all(|rest| *rest) {
            self.fault(path, "no weekday is left to work", "name the weekly rest days only");
        }
    }

    fn years(&mut self, path: &str, value: &Json) {
        let Some(members) = self.object(path, value) else {
            return;
        };
        if members.is_empty() {
            self.fault(path, "there is no year", "add at least one");
        }
        for (name, value) in members {
            let path = pointer(path, name);
            match name.parse::<i16>() {
                Ok(year) if YEARS.contains(&year) && name.len() == 4 => {
                    self.year(&path, year, value);
                }
                Ok(_) | Err(_) => {
                    self.fault(&path, "no such year", "write four digits, 1900 to 2199");
                }
            }
        }
    }

    fn year(&mut self, path: &str, year: i16, value: &Json) {
        let Some(members) = self.object(path, value) else {
            return;
        };
        self.required(path, members, &["status", "entries"]);
        for (name, value) in members {
            let path = pointer(path, name);
            match name.as_str() {
                "status" => match self.text(&path, value) {
                    Some("official") => drop(self.parts.years.insert(year, true)),
                    Some("provisional") => drop(self.parts.years.insert(year, false)),
                    Some(_) => {
                        self.fault(&path, "unknown status", "write official or provisional");
                    }
                    None => {}
                },
                "entries" => {
                    for (index, entry) in self.array(&path, value).iter().enumerate() {
                        self.entry(&format!("{path}/{index}"), year, entry);
                    }
                }
                "note" | "working_days" => {}
                _ => self.unknown(&path),
            }
        }
    }

    fn entry(&mut self, path: &str, year: i16, value: &Json) {
        let Some(members) = self.object(path, value) else {
            return;
        };
        self.required(path, members, &["date", "kind"]);
        let (mut date, mut weekday, mut kind) = (None, None, None);
        let (mut vi, mut en) = (None, None);
        for (member, value) in members {
            let path = pointer(path, member);
            match member.as_str() {
                "date" => date = self.date(&path, year, value),
                "weekday" => weekday = self.text(&path, value).map(|text| (path, text)),
                "kind" => kind = self.kind(&path, value),
                "name_vi" => vi = self.text(&path, value),
                "name_en" => en = self.text(&path, value),
                "source" | "certainty" | "note" | "lunar" => {}
                _ => self.unknown(&path),
            }
        }
        let Some(date) = date else { return };
        if let Some((path, text)) = weekday {
            let right = WEEKDAYS[weekday_index(date.weekday())];
            if text != right {
                let message = format!("{date} is no \"{text}\"");
                self.fault(&path, message, format!("write {right} or correct the date"));
            }
        }
        let Some(kind) = kind else { return };
        let default = kind.default_name();
        let name =
            DayName { vi: vi.unwrap_or(default.0).into(), en: en.unwrap_or(default.1).into() };
        if self.parts.entries.insert(date, Entry { kind, name }).is_some() {
            let path = format!("{path}/date");
            self.fault(&path, format!("{date} stands twice"), "keep one entry for a date");
        }
    }

    fn date(&mut self, path: &str, year: i16, value: &Json) -> Option<Date> {
        let text = self.text(path, value)?;
        let date = Some(text).filter(|t| t.len() == 10).and_then(|t| t.parse::<Date>().ok());
        match date {
            Some(date) if date.year() == year => Some(date),
            Some(_) => {
                self.fault(path, "the date lies in another year", "move the entry to its year");
                None
            }
            None => {
                self.fault(path, "this is no date", "write it as 2026-01-31");
                None
            }
        }
    }

    fn kind(&mut self, path: &str, value: &Json) -> Option<EntryKind> {
        match self.text(path, value)? {
            "public_holiday" => Some(EntryKind::PublicHoliday),
            "substitute_day_off" => Some(EntryKind::SubstituteDayOff),
            "swapped_day_off" => Some(EntryKind::SwappedDayOff),
            "makeup_workday" => Some(EntryKind::MakeupWorkday),
            _ => {
                let remedy = "write public_holiday, substitute_day_off, swapped_day_off or \
                              makeup_workday";
                self.fault(path, "unknown kind", remedy);
                None
            }
        }
    }

    fn makeup_days_are_rest_days(&mut self) {
        let wrong = self.parts.entries.iter().filter(|(date, entry)| {
            entry.kind == EntryKind::MakeupWorkday && !self.rest_weekday(date.weekday())
        });
        let dates: Vec<Date> = wrong.map(|(date, _)| *date).collect();
        for date in dates {
            let message = format!("{date} is no weekly rest day, so it cannot be made up");
            self.fault(&format!("/years/{}/entries", date.year()), message, "correct the date");
        }
    }

    fn rest_weekday(&self, weekday: Weekday) -> bool {
        self.parts.rest[weekday_index(weekday)]
    }

    fn profiles(&mut self, path: &str, value: &Json) {
        let Some(members) = self.object(path, value) else {
            return;
        };
        for (name, value) in members {
            let path = pointer(path, name);
            let Some(members) = self.object(&path, value) else {
                continue;
            };
            self.required(&path, members, &["sessions"]);
            for (member, value) in members {
                let path = pointer(&path, member);
                match member.as_str() {
                    "sessions" => self.sessions(&path, name, value),
                    "hours_per_day" | "certainty" | "note" => {}
                    _ => self.unknown(&path),
                }
            }
        }
    }

    fn sessions(&mut self, path: &str, profile: &str, value: &Json) {
        let faults_before = self.faults.len();
        let mut sessions = Vec::new();
        for (index, item) in self.array(path, value).iter().enumerate() {
            let path = format!("{path}/{index}");
            match self.array(&path, item) {
                [open, close] => {
                    let open = self.time(&format!("{path}/0"), open);
                    let close = self.time(&format!("{path}/1"), close);
                    sessions.extend(open.zip(close));
                }
                _ => self.fault(&path, "no pair of times", "write [\"07:30\", \"11:30\"]"),
            }
        }
        if self.faults.len() > faults_before {
            return;
        }
        match OfficeHours::new(sessions) {
            Ok(hours) => drop(self.parts.profiles.insert(profile.to_owned(), hours)),
            Err(error) => self.fault(path, error.to_string(), "correct the sessions"),
        }
    }

    fn time(&mut self, path: &str, value: &Json) -> Option<Time> {
        let text = self.text(path, value)?;
        let time = parse_time(text);
        if time.is_none() {
            self.fault(path, "this is no time of day", "write it as 07:30");
        }
        time
    }
}

/// A time of day as HH:MM or HH:MM:SS.
pub(crate) fn parse_time(text: &str) -> Option<Time> {
    let shape: &[u8] = if text.len() == 5 { b"00:00" } else { b"00:00:00" };
    let fits = text.len() == shape.len()
        && text.bytes().zip(shape).all(|(byte, wanted)| match wanted {
            b':' => byte == b':',
            _ => byte.is_ascii_digit(),
        });
    let number = |at: usize| text.get(at..at + 2).and_then(|part| part.parse::<i8>().ok());
    if !fits {
        return None;
    }
    let second = if text.len() == 5 { 0 } else { number(6)? };
    Time::new(number(0)?, number(3)?, second, 0).ok()
}

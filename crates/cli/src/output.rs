//! Where words go: data to standard output, everything else to standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use clap::ValueEnum;
use jiff::Timestamp;
use jiff::tz::Offset;
use motcua_api::v1;
use serde_json::Value;

use crate::label::label;
use crate::table::Table;

/// Widest text on a terminal that does not tell its width.
const WIDTH_DEFAULT: usize = 100;

/// Narrowest width that is asked for; less is no width.
const WIDTH_MIN: usize = 20;

/// Language of what people read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// Vietnamese.
    Vi,
    /// English.
    #[default]
    En,
}

/// What a command speaks through.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// Standard output gets JSON for programs.
    pub(crate) json: bool,
    /// Language of the rest.
    pub(crate) lang: Lang,
    colours: bool,
    colours_beside: bool,
    terminal: bool,
    width: Option<usize>,
}

impl Output {
    /// Looks at the streams: colours and a width only on a terminal.
    pub(crate) fn new(json: bool, lang: Lang) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let terminal = io::stdout().is_terminal();
        let size = terminal_size::terminal_size();
        let width = size.map_or(WIDTH_DEFAULT, |(width, _)| usize::from(width.0));
        Self {
            json,
            lang,
            colours: wanted && terminal,
            colours_beside: wanted && io::stderr().is_terminal(),
            terminal,
            width: if terminal { Some(width) } else { columns() },
        }
    }

    /// Plain, for tests.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self::plain_with(false, Lang::En)
    }

    /// Plain in another form or language, for tests.
    #[cfg(test)]
    pub(crate) fn plain_with(json: bool, lang: Lang) -> Self {
        Self { json, lang, colours: false, colours_beside: false, terminal: false, width: None }
    }

    /// Writes a JSON value: on one line, so that programs read line by line.
    pub(crate) fn value(&self, value: &Value) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match self.terminal {
            true => serde_json::to_writer_pretty(&mut out, value)?,
            false => serde_json::to_writer(&mut out, value)?,
        }
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Writes text with a line feed at its end.
    pub(crate) fn text(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// Writes a document into a file, or to standard output.
    pub(crate) fn document(&self, path: Option<&Path>, text: &str) -> anyhow::Result<()> {
        match path {
            Some(path) => {
                std::fs::write(path, text).with_context(|| path.display().to_string())?;
            }
            None => self.text(text)?,
        }
        Ok(())
    }

    /// Writes a table that fits the terminal.
    pub(crate) fn table(&self, table: &Table) -> io::Result<()> {
        let table = table.translated(|heading| self.label(heading));
        self.text(&table.text(self.width, |heading| self.bold(heading)))
    }

    /// Says something beside the data. Nobody may be listening, and that is fine.
    pub(crate) fn note(&self, text: &str) {
        let mut beside = io::stderr().lock();
        let _unheard = writeln!(beside, "{}", text.trim_end());
    }

    /// `error:`, red on a terminal.
    pub(crate) fn error_mark(&self) -> String {
        let mark = self.label("error:");
        if self.colours_beside { format!("\u{1b}[31m{mark}\u{1b}[0m") } else { mark.to_owned() }
    }

    /// Bold on a terminal.
    pub(crate) fn bold(&self, text: &str) -> String {
        self.painted("1", text)
    }

    /// Red on a terminal: late, different, unsound.
    pub(crate) fn red(&self, text: &str) -> String {
        self.painted("31", text)
    }

    /// Green on a terminal: sound, equal.
    pub(crate) fn green(&self, text: &str) -> String {
        self.painted("32", text)
    }

    fn painted(&self, code: &str, text: &str) -> String {
        match self.colours {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    /// A label or table head in the reader's language.
    pub(crate) fn label(&self, english: &'static str) -> &'static str {
        label(english, self.lang)
    }

    /// Whichever is in the reader's language.
    pub(crate) fn either<'a>(&self, vi: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }

    /// The text in the reader's language, or in the one that it has.
    pub(crate) fn words<'a>(&self, text: Option<&'a v1::Text>) -> &'a str {
        let Some(text) = text else { return "" };
        let (first, second) = match self.lang {
            Lang::Vi => (&text.vi, &text.en),
            Lang::En => (&text.en, &text.vi),
        };
        if first.is_empty() { second } else { first }
    }
}

/// The width that whoever reads a pipe asks for.
fn columns() -> Option<usize> {
    let columns: usize = std::env::var("COLUMNS").ok()?.parse().ok()?;
    (columns >= WIDTH_MIN).then_some(columns)
}

/// An instant as people in Viet Nam write it, to the minute.
pub(crate) fn instant(at: Option<&prost_types::Timestamp>) -> String {
    let Some(at) = at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok()) else {
        return String::new();
    };
    Offset::constant(7).to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A number of things: `1 event`, `2 events`.
pub(crate) fn counted(number: u64, one: &str, several: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { several })
}

/// 1234567 as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_shown_in_vietnamese_time() {
        let at = prost_types::Timestamp { seconds: 1_764_000_000, nanos: 0 };
        assert_eq!(instant(Some(&at)), "2025-11-24 23:00");
        assert_eq!(instant(None), "");
    }

    #[test]
    fn long_numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_text_without_the_readers_language_is_shown_in_the_other() {
        let text = v1::Text { vi: "Một cửa".into(), en: String::new() };
        assert_eq!(Output::plain().words(Some(&text)), "Một cửa");
        assert_eq!(Output::plain().words(None), "");
    }

    #[test]
    fn what_is_no_terminal_gets_no_colours() {
        assert_eq!(Output::plain().red("late"), "late");
    }
}

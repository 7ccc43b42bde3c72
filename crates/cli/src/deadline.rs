//! `motcua deadline compute`: dates from lines, without a server.

use std::io::{self, BufRead, BufWriter, Read as _, Write};
use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand};
use motcua_deadlines::{
    CALENDAR_BYTES_MAX, Calendar, LINE_BYTES_MAX, Lang as DeadlineLang, OfficeHours, compute_line,
};
use serde::Deserialize;

use crate::Ending;
use crate::output::{Lang, Output};

const NOT_UTF8: &str =
    r#"{"error":{"code":"NOT_UTF8","path":"","message":"the line is not UTF-8; encode it anew"}}"#;

#[derive(Debug, Subcommand)]
pub(crate) enum DeadlineCommand {
    /// Compute deadlines: one JSON object a line on standard input, one answer a line
    #[command(after_long_help = COMPUTE_HELP)]
    Compute(ComputeArguments),
}

const COMPUTE_HELP: &str = r#"Members of a line: unit (working_day, calendar_day,
working_hour, same_day, month), received_at, amount; optionally paused_at, resumed_at, regime
(resume_remaining, restart_full, fixed_after), amount_after, cutoff. id, rule and note are ignored,
others refused. An error is the answer of its line alone. With --json each answer is
  {"due_on","due_at","used","remaining","provisional","explanation":[...]}
or {"error":{"code","path","message"}}.

Example:
  echo '{"unit":"working_day","amount":3,"received_at":"2026-02-12T09:00:00+07:00"}' \
    | motcua deadline compute --calendar calendar-vn.json --json"#;

#[derive(Debug, Args)]
pub(crate) struct ComputeArguments {
    /// The calendar
    #[arg(long, value_name = "FILE")]
    calendar: PathBuf,
}

/// Runs the command.
pub(crate) fn run(command: &DeadlineCommand, output: &Output) -> anyhow::Result<Ending> {
    let DeadlineCommand::Compute(arguments) = command;
    let Some(calendar) = read_calendar(&arguments.calendar, output)? else {
        return Ok(Ending::Unreadable);
    };
    let input = io::BufReader::with_capacity(1 << 16, io::stdin().lock());
    let answers = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    compute(input, answers, &calendar, output)?;
    Ok(Ending::Well)
}

/// The calendar of the file; none, after saying why, when it is no calendar.
fn read_calendar(path: &PathBuf, output: &Output) -> anyhow::Result<Option<Calendar>> {
    let shown = path.display();
    let read = || -> anyhow::Result<Vec<u8>> {
        let size = std::fs::metadata(path)?.len();
        if size > CALENDAR_BYTES_MAX as u64 {
            bail!("a calendar has {CALENDAR_BYTES_MAX} bytes at most, this has {size}");
        }
        Ok(std::fs::read(path)?)
    };
    let bytes = match read() {
        Ok(bytes) => bytes,
        Err(error) => {
            output.note(&format!("{} {shown}: {error:#}", output.error_mark()));
            return Ok(None);
        }
    };
    match Calendar::from_json(&bytes) {
        Ok(calendar) => Ok(Some(calendar)),
        Err(error) => {
            output.note(&format!("{} {shown} is no calendar", output.error_mark()));
            for fault in error.faults() {
                output.note(&format!("  - {}: {}: {}", fault.path, fault.message, fault.remedy));
            }
            Ok(None)
        }
    }
}

fn compute(
    mut input: impl BufRead,
    mut answers: impl Write,
    calendar: &Calendar,
    output: &Output,
) -> anyhow::Result<()> {
    let hours = calendar.office_hours("standard").cloned().unwrap_or_else(OfficeHours::default);
    let lang = match output.lang {
        Lang::Vi => DeadlineLang::Vi,
        Lang::En => DeadlineLang::En,
    };
    let mut line = Vec::with_capacity(1024);
    while next_line(&mut input, &mut line)? {
        let answer = match std::str::from_utf8(&line) {
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => compute_line(text, calendar, &hours, lang),
            Err(_) => NOT_UTF8.to_owned(),
        };
        match output.json {
            true => answers.write_all(answer.as_bytes())?,
            false => answers.write_all(in_words(&answer)?.as_bytes())?,
        }
        answers.write_all(b"\n")?;
    }
    answers.flush()?;
    Ok(())
}

/// Reads a line without its line feed, of a longer one its beginning; false at the end.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let most = LINE_BYTES_MAX as u64 + 2;
    let read = input.by_ref().take(most).read_until(b'\n', line)?;
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
        return Ok(true);
    }
    if read as u64 == most {
        // A cut letter at the end would look like a fault of its own.
        line.iter_mut().for_each(|byte| *byte = b' '.max(*byte & 0x7f));
        input.skip_until(b'\n')?;
    }
    Ok(read > 0)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Error { error: Fault },
    Date { due_at: Option<String>, explanation: Vec<String> },
}

#[derive(Deserialize)]
struct Fault {
    code: String,
    path: String,
    message: String,
}

fn in_words(answer: &str) -> anyhow::Result<String> {
    Ok(match serde_json::from_str(answer)? {
        Answer::Error { error: Fault { code, path, message } } => {
            format!("{code} {path} {message}")
        }
        Answer::Date { due_at, explanation } => {
            let mut text = due_at.unwrap_or_else(|| "paused".to_owned());
            for line in explanation {
                text.push_str("\n  ");
                text.push_str(&line);
            }
            text
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &[u8] = include_bytes!("../../deadlines/data/calendar-vn.json");

    fn answers(input: &[u8], json: bool) -> Vec<String> {
        let calendar = Calendar::from_json(CALENDAR).expect("a calendar");
        let output = Output::plain_with(json, Lang::En);
        let mut answers = Vec::new();
        compute(io::BufReader::new(input), &mut answers, &calendar, &output).expect("streams");
        let text = String::from_utf8(answers).expect("UTF-8");
        text.lines().map(str::to_owned).collect()
    }

    const GOOD: &str =
        r#"{"unit":"working_day","amount":5,"received_at":"2023-10-27T09:32:00+07:00"}"#;

    #[test]
    fn a_bad_line_gets_its_error_and_the_next_its_date() {
        let mut input = b"{}\n\n\xff\xfe\n  \n".to_vec();
        input.extend_from_slice(&vec![b'x'; LINE_BYTES_MAX + 5]);
        input.extend_from_slice(format!("\n{GOOD}\r\n{GOOD}").as_bytes());
        let answers = answers(&input, true);
        assert_eq!(answers.len(), 5, "{answers:?}");
        assert!(answers[0].contains("\"error\""));
        assert!(answers[1].contains("NOT_UTF8"));
        assert!(answers[2].contains("LINE_TOO_LONG"), "{}", answers[2]);
        assert!(answers[3].contains("\"due_on\":\"2023-11-03\""));
        assert_eq!(answers[3], answers[4]);
    }

    #[test]
    fn people_get_the_date_and_how_it_came_to_be() {
        let answers = answers(GOOD.as_bytes(), false);
        assert_eq!(answers[0], "2023-11-03T17:00:00+07:00");
        assert!(answers.len() > 2);
    }

    #[test]
    fn the_error_without_utf8_is_json_like_the_others() {
        let error: serde_json::Value = serde_json::from_str(NOT_UTF8).expect("JSON");
        assert_eq!(error["error"]["path"], "");
    }
}

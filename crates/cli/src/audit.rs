//! `motcua audit`: histories, recomputed here and not only believed.

use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use motcua_api::v1;
use motcua_api::v1::replay_history_response::Part;
use motcua_audit::line::{self, Line};
use motcua_audit::{Finding, Header};
use motcua_store_sql::SWEEP_JOBS_MAX;
use serde_json::{Value, json};
use tonic::Code;

use crate::Ending;
use crate::cli::Global;
use crate::client::{Session, steadily};
use crate::evidence::{Evidence, Sought};
use crate::export::{self, Recheck};
use crate::output::{Lang, Output, counted};
use crate::refusal::Refused;
use crate::table::{Table, clean};
use crate::wire::to_json;

const VERIFY_HELP: &str = "\
With --data or --database every chain is read from the database itself, in flat memory and without
a server's help: headers, links, states, commitments and hashes are recomputed, every dossier is
folded and compared with its stored state. The JSON verdict is then {\"verdict\": {\"equal\",
\"chains\", \"events\", \"differences\", \"seconds\", \"events_per_second\"}}.

An export that was cut off at its end recomputes like a whole one. Compare the head with an evidence
line that somebody kept, or give such lines with --evidence.

With --json the verdict is one line on standard error: {\"verdict\": {\"equal\", \"events\", \"chains\",
\"head\", \"evidence_given\", \"evidence_found\"}}; each difference is a line {\"finding\": ...} before it.";

/// Longest line of an export, in bytes: a header and all fields at their largest.
const LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Stream a dossier's history, recompute its chain here, and compare the folded state with the
    /// stored one. Exit code 0: equal, 1: differs, 2: not readable
    Replay(ReplayArguments),
    /// Recompute chains from exported lines, without a server; with --data or --database all chains
    /// of a store, beside a server that runs. Exit codes as for replay
    #[command(after_long_help = VERIFY_HELP)]
    Verify {
        /// Lines of `audit replay --json` or `audit chain --json`; default: standard input
        #[arg(conflicts_with_all = ["data", "database"])]
        file: Option<PathBuf>,
        /// Data folder whose SQLite database is verified as a whole
        #[arg(long, value_name = "DIR", conflicts_with_all = ["evidence", "database"])]
        data: Option<PathBuf>,
        /// URL of the PostgreSQL database that is verified as a whole
        #[arg(long, value_name = "URL", conflicts_with = "evidence")]
        database: Option<String>,
        /// Threads that recompute the store of --data or --database; default: one for each core, 64
        /// at most
        #[arg(long, value_name = "N", conflicts_with = "file",
              value_parser = clap::value_parser!(u16).range(1..=i64::from(SWEEP_JOBS_MAX)))]
        jobs: Option<u16>,
        /// Evidence line that the export must contain, motcua:1:CHAIN:SEQ:HASH, as on receipts and
        /// in every answer; several times
        #[arg(long, value_name = "LINE", value_parser = Evidence::parse)]
        evidence: Vec<Evidence>,
    },
    /// Stream any chain, such as sys:procedures or acc:ID, and recompute it here
    Chain {
        /// Name of the chain
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// Dossier code, id, or tracking secret
    dossier: String,
    /// The state as it stood at this instant, RFC 3339, such as 2026-11-24T09:00:00+07:00
    #[arg(long, value_name = "INSTANT", conflicts_with = "version")]
    at: Option<Timestamp>,
    /// The state after this event
    #[arg(long, value_name = "N")]
    version: Option<u64>,
}

/// Runs the command.
pub(crate) async fn run(
    command: AuditCommand,
    global: &Global,
    output: &Output,
) -> anyhow::Result<Ending> {
    match command {
        AuditCommand::Verify { data: None, database: None, jobs: Some(_), .. } => {
            bail!("--jobs goes with --data or --database: an export is recomputed as it comes")
        }
        AuditCommand::Verify { file, data: None, database: None, evidence, jobs: None } => {
            verify(file.as_deref(), evidence, output)
        }
        AuditCommand::Verify { data, database, jobs, .. } => {
            crate::sweep::run(data, database, jobs, output).await
        }
        AuditCommand::Chain { name } => chain(name, &Session::open(global).await?, output).await,
        AuditCommand::Replay(arguments) => {
            let session = Session::open(global).await?;
            let replayed = match (arguments.at, arguments.version) {
                (None, None) => replay(arguments.dossier, &session, output).await,
                (at, version) => {
                    state_as_of(arguments.dossier, at, version, &session, output).await
                }
            };
            unreadable_if_corrupt(replayed, output)
        }
    }
}

/// Damaged storage is an answer of an audit, with an exit code of its own.
fn unreadable_if_corrupt(
    replayed: anyhow::Result<Ending>,
    output: &Output,
) -> anyhow::Result<Ending> {
    match replayed {
        Err(error) => match error.downcast_ref::<Refused>() {
            Some(refused) if refused.code() == Code::DataLoss => {
                output.note(&refused.text(output));
                Ok(Ending::Unreadable)
            }
            Some(_) | None => Err(error),
        },
        Ok(ending) => Ok(ending),
    }
}

/// Shows events as they come: lines for programs, a table for people.
struct Shown<'a> {
    output: &'a Output,
    table: Table,
    recheck: Recheck,
    sought: Sought,
    lines: BufWriter<io::Stdout>,
}

impl<'a> Shown<'a> {
    fn new(output: &'a Output) -> Self {
        Self {
            output,
            table: Table::new(&["EVENT", "AT", "ACT", "FROM", "TO", "BY", "AS", "HASH"]),
            recheck: Recheck::default(),
            sought: Sought::default(),
            lines: BufWriter::new(io::stdout()),
        }
    }

    fn event(&mut self, event: v1::HistoryEvent) -> anyhow::Result<()> {
        let line = export::line(event)?;
        self.line(&line)?;
        if self.output.json {
            self.lines.write_all(line::write(&line).as_bytes())?;
            self.lines.write_all(b"\n")?;
        } else {
            self.table.row(row(&line));
        }
        Ok(())
    }

    fn line(&mut self, line: &Line) -> anyhow::Result<()> {
        self.sought.see(line);
        for finding in self.recheck.push(line) {
            self.output.note(&local_finding(line, &finding, self.output));
        }
        Ok(())
    }

    fn end(&mut self) -> anyhow::Result<()> {
        self.lines.flush()?;
        if !self.output.json && !self.table.is_empty() {
            self.output.table(&self.table)?;
        }
        Ok(())
    }
}

fn row(line: &Line) -> [String; 8] {
    let header = Header::decode(line.header.as_bytes()).ok();
    let (at, kind, from, to) = match &header {
        Some(header) => (
            header.at.to_string(),
            header.kind.clone(),
            header.from.clone().unwrap_or_default(),
            header.to.clone().unwrap_or_default(),
        ),
        None => Default::default(),
    };
    let actor = line.fields.iter().find_map(|slot| match slot {
        motcua_audit::FieldSlot::Opened(field) if field.name == "actor" => {
            Some(motcua_audit::cj::to_json(&field.value))
        }
        _ => None,
    });
    let of_actor = |key: &str| {
        let text = actor.as_ref().and_then(|actor| actor[key].as_str());
        text.unwrap_or_default().to_owned()
    };
    let hash = line.hash.to_string();
    let hash = hash[..12].to_owned();
    [line.seq.to_string(), at, kind, from, to, of_actor("id"), of_actor("role"), hash]
}

fn local_finding(line: &Line, finding: &Finding, output: &Output) -> String {
    if output.json {
        return json!({ "finding": { "chain": line.chain.to_string(), "seq": finding.seq,
            "field": finding.field, "code": finding.code, "expected": finding.expected,
            "found": finding.found, "message": finding.message } })
        .to_string();
    }
    let Finding { code, message, .. } = finding;
    clean(&format!("{} {code}: {message}", line.chain))
}

async fn replay(dossier: String, session: &Session, output: &Output) -> anyhow::Result<Ending> {
    let request = v1::ReplayHistoryRequest { dossier };
    let mut stream =
        steadily(async || session.audit().replay_history(request.clone()).await).await?;
    let mut shown = Shown::new(output);
    let mut verdict = None;
    while let Some(message) = stream.message().await.map_err(Refused::from)? {
        match message.part {
            Some(Part::Event(event)) => shown.event(event)?,
            Some(Part::Verdict(found)) => verdict = Some(found),
            None => {}
        }
    }
    shown.end()?;
    let Some(verdict) = verdict else {
        bail!("the stream ended before the verdict: run it again");
    };
    Ok(judge(&verdict, &shown.recheck, output))
}

/// Compares what the service found with what was recomputed here.
fn judge(verdict: &v1::ReplayVerdict, recheck: &Recheck, output: &Output) -> Ending {
    for finding in &verdict.findings {
        output.note(&remote_finding(finding, output));
    }
    let whole =
        recheck.events() == verdict.events && recheck.head().unwrap_or_default() == verdict.head;
    let equal = verdict.equal && recheck.is_equal() && whole;
    if output.json {
        let verdict = json!({ "verdict": { "equal": equal, "events": recheck.events(),
            "head": verdict.head, "recomputed_here": recheck.is_equal() && whole,
            "by_the_service": verdict.equal } });
        output.note(&verdict.to_string());
    } else if equal {
        let (word, events) = (output.green("equal"), recheck.events());
        output.note(&format!(
            "{word}: {events} events recomputed here, the state folds to the stored one, head {}",
            verdict.head
        ));
    } else if whole {
        output.note(&format!("{}: see the differences above", output.red("differs")));
    } else {
        let (here, there) = (recheck.events(), verdict.events);
        let word = output.red("differs");
        output.note(&format!("{word}: {here} events came, the service speaks of {there}"));
    }
    if equal { Ending::Well } else { Ending::Differs }
}

fn remote_finding(finding: &v1::AuditFinding, output: &Output) -> String {
    if output.json {
        return json!({ "finding": to_json("AuditFinding", finding) }).to_string();
    }
    let v1::AuditFinding { sequence, field, code, message, .. } = finding;
    let place = if field.is_empty() { String::new() } else { format!(", field {field}") };
    clean(&format!("event {sequence}{place}: {code}: {message}"))
}

async fn state_as_of(
    dossier: String,
    at: Option<Timestamp>,
    version: Option<u64>,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    use v1::get_state_as_of_request::AsOf;
    let instant = |at: Timestamp| {
        AsOf::At(prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() })
    };
    let as_of = at.map(instant).or(version.map(AsOf::Version));
    let request = v1::GetStateAsOfRequest { dossier, as_of };
    let state = steadily(async || session.audit().get_state_as_of(request.clone()).await).await?;
    if let Some(asked) = version.filter(|asked| *asked > state.version) {
        let mark = output.error_mark();
        output.note(&match output.lang {
            Lang::Vi => format!("{mark} không có phiên bản {asked}: mới nhất là {}", state.version),
            Lang::En => format!("{mark} no version {asked}: the last one is {}", state.version),
        });
        return Ok(Ending::Unreadable);
    }
    for finding in &state.findings {
        output.note(&remote_finding(finding, output));
    }
    if output.json {
        output.value(&to_json("GetStateAsOfResponse", &state))?;
    } else if state.state_json.is_empty() {
        output.note("the dossier did not exist yet");
    } else {
        let folded: Value = serde_json::from_str(&state.state_json)?;
        output.text(&serde_json::to_string_pretty(&folded)?)?;
        output.note(&format!("version {}, head {}", state.version, state.head));
    }
    Ok(if state.findings.is_empty() { Ending::Well } else { Ending::Differs })
}

async fn chain(name: String, session: &Session, output: &Output) -> anyhow::Result<Ending> {
    let request = v1::ReadChainRequest { chain: name.clone(), after_sequence: 0 };
    let mut stream = steadily(async || session.audit().read_chain(request.clone()).await).await?;
    let mut shown = Shown::new(output);
    while let Some(message) = stream.message().await.map_err(Refused::from)? {
        if let Some(event) = message.event {
            shown.event(event)?;
        }
    }
    shown.end()?;
    if shown.recheck.events() == 0 {
        let mark = output.error_mark();
        output.note(&clean(&match output.lang {
            Lang::Vi => format!("{mark} không có chuỗi {name}"),
            Lang::En => format!("{mark} there is no chain {name}: no event was written to it"),
        }));
        return Ok(Ending::Unreadable);
    }
    Ok(conclude(&shown.recheck, &shown.sought, output))
}

fn verify(file: Option<&Path>, evidence: Vec<Evidence>, output: &Output) -> anyhow::Result<Ending> {
    let (name, input): (String, Box<dyn BufRead>) = match file {
        Some(path) => {
            let name = path.display().to_string();
            let file = std::fs::File::open(path).with_context(|| name.clone())?;
            (name, Box::new(BufReader::new(file)))
        }
        None => ("standard input".into(), Box::new(io::stdin().lock())),
    };
    verify_lines(&name, input, evidence, output)
}

fn verify_lines(
    name: &str,
    mut input: Box<dyn BufRead + '_>,
    evidence: Vec<Evidence>,
    output: &Output,
) -> anyhow::Result<Ending> {
    let mut shown = Shown::new(output);
    shown.sought = Sought::new(evidence);
    let (mut text, mut number, mut unreadable) = (Vec::new(), 0, false);
    loop {
        text.clear();
        let mut bounded = input.by_ref().take(LINE_BYTES_MAX);
        if bounded.read_until(b'\n', &mut text).with_context(|| name.to_owned())? == 0 {
            break;
        }
        number += 1;
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let read = std::str::from_utf8(&text).map_err(anyhow::Error::from);
        match read.and_then(|text| Ok(line::read(text.trim_end())?)) {
            Ok(line) => shown.line(&line)?,
            Err(error) => {
                let mark = output.error_mark();
                output.note(&clean(&format!("{mark} {name}, line {number}: {error}")));
                unreadable = true;
            }
        }
    }
    if shown.recheck.events() == 0 && !unreadable {
        output.note(&format!("{} {name} holds no events", output.error_mark()));
        unreadable = true;
    }
    if unreadable {
        return Ok(Ending::Unreadable);
    }
    let ending = conclude(&shown.recheck, &shown.sought, output);
    if ending == Ending::Well && shown.sought.is_empty() && !output.json {
        output.note(output.either(
            "bản xuất bị cắt ở cuối vẫn khớp: đối chiếu với dòng bằng chứng bằng --evidence",
            "an export cut off at its end is equal too: compare it with an evidence line (--evidence)",
        ));
    }
    Ok(ending)
}

/// Says what recomputing here has shown.
fn conclude(recheck: &Recheck, sought: &Sought, output: &Output) -> Ending {
    let (events, chains) = (recheck.events(), recheck.chains());
    let equal = recheck.is_equal() && sought.missing().next().is_none();
    for evidence in sought.missing() {
        output.note(&match output.json {
            true => json!({ "finding": { "code": "evidence", "expected": evidence.text,
                "message": "the export does not contain this event" } })
            .to_string(),
            false => format!(
                "{}: {}",
                evidence.text,
                output.either(
                    "bản xuất không có sự kiện này",
                    "the export does not contain this event"
                )
            ),
        });
    }
    if output.json {
        let head = recheck.head();
        let verdict = json!({ "verdict": { "equal": equal, "events": events, "chains": chains,
            "head": head, "evidence_given": sought.given(),
            "evidence_found": sought.given() - sought.missing().count() } });
        output.note(&verdict.to_string());
    } else {
        let word = match equal {
            true => output.green(output.label("equal")),
            false => output.red(output.label("differs")),
        };
        let head = recheck.head().map(|head| format!(", head {head}")).unwrap_or_default();
        output.note(&match output.lang {
            Lang::Vi => format!("{word}: đã tính lại {events} sự kiện của {chains} chuỗi{head}"),
            Lang::En => format!(
                "{word}: {} of {} recomputed here{head}",
                counted(events, "event", "events"),
                counted(chains as u64, "chain", "chains")
            ),
        });
    }
    if equal { Ending::Well } else { Ending::Differs }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::lines;

    fn verified(text: &str) -> Ending {
        let input = Box::new(text.as_bytes());
        verify_lines("lines", input, Vec::new(), &Output::plain()).expect("streams")
    }

    #[test]
    fn an_export_without_the_event_of_an_evidence_line_differs() {
        let last = lines().pop().expect("events");
        let evidence = motcua_audit::evidence(&last.chain, last.seq, &last.hash);
        let verified = |text: &str| {
            let evidence = vec![Evidence::parse(&evidence).expect("an evidence line")];
            let input = Box::new(text.as_bytes());
            verify_lines("lines", input, evidence, &Output::plain()).expect("streams")
        };
        let whole = exported();
        assert_eq!(verified(&whole), Ending::Well);
        let cut = whole.lines().next().expect("a line").to_owned() + "\n";
        assert_eq!(verified(&cut), Ending::Differs);
    }

    fn exported() -> String {
        lines().iter().map(|line| line::write(line) + "\n").collect()
    }

    #[test]
    fn an_export_is_equal_and_every_changed_byte_of_a_hash_differs() {
        assert_eq!(verified(&exported()), Ending::Well);
        let hash = lines()[0].hash.to_string();
        let flipped = if hash.starts_with('0') { "1" } else { "0" };
        let other = format!("{flipped}{}", &hash[1..]);
        assert_eq!(verified(&exported().replace(&hash, &other)), Ending::Differs);
    }

    #[test]
    fn what_is_no_export_is_unreadable() {
        for text in ["", "{}\n", "[1]\n", "\u{0}\n"] {
            assert_eq!(verified(text), Ending::Unreadable, "{text:?}");
        }
        assert_eq!(verified(&(exported() + "x\n")), Ending::Unreadable);
    }

    #[test]
    fn the_service_cannot_call_equal_what_differs_here() {
        let mut recheck = Recheck::default();
        for line in lines() {
            recheck.push(&line);
        }
        let verdict = v1::ReplayVerdict {
            equal: true,
            events: 2,
            head: recheck.head().unwrap_or_default(),
            ..Default::default()
        };
        assert_eq!(judge(&verdict, &recheck, &Output::plain()), Ending::Well);
        let more = v1::ReplayVerdict { events: 3, ..verdict.clone() };
        assert_eq!(judge(&more, &recheck, &Output::plain()), Ending::Differs);
        let other = v1::ReplayVerdict { head: "00".into(), ..verdict };
        assert_eq!(judge(&other, &recheck, &Output::plain()), Ending::Differs);
    }
}

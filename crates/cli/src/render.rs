//! Dossiers, fees, offers and findings as people read them.

use motcua_api::v1;

use crate::output::{Output, grouped, instant};
use crate::table::{Table, clean};

/// Name of a national status, in the words of the glossary, with its code.
pub(crate) fn status(status: v1::Status) -> String {
    let name = status.as_str_name().trim_start_matches("STATUS_").to_lowercase();
    format!("{} {name}", i32::from(status))
}

/// A name without its enum, in lower case: `TIME_UNIT_WORKING_DAY` as `working day`.
fn plain_name(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).trim_start_matches('_').to_lowercase().replace('_', " ")
}

/// A dossier with everything that is known of it.
pub(crate) fn dossier(state: &v1::DossierState, output: &Output) -> String {
    let mut lines = Lines::default();
    let title = if state.code.is_empty() { &state.id } else { &state.code };
    let name = output.words(state.procedure_name.as_ref());
    let procedure = state.procedure.clone().unwrap_or_default();
    let head = format!("{title}  {name} ({} {})", procedure.code, procedure.version);
    lines.0.push(output.bold(&clean(&head)));
    lines.add("id", &state.id);
    let place = output.words(state.state_name.as_ref());
    let closed = if state.closed { ", closed" } else { "" };
    lines.add("state", &format!("{} ({place}), {}{closed}", state.state, status(state.status())));
    lines.add("since", &instant(state.since.as_ref()));
    if let Some(last) = &state.last_act {
        lines.add("last act", &last_act(last));
    }
    if let Some(filing) = &state.filing {
        lines.add("filed", &filed(filing));
    }
    if let Some(clocks) = &state.clocks {
        lines.add("law", &clock(clocks.statutory.as_ref()));
        lines.add("appointment", &clock(clocks.committed.as_ref()));
        lines.add("paused on", &clocks.paused_on);
        lines.add("phase", &clocks.phase);
    }
    for further in &state.further_clocks {
        let name = output.words(further.name.as_ref());
        lines.add("limit", &format!("{name}: {}", clock(further.clock.as_ref())));
    }
    for item in &state.work_items {
        lines.add("work", &work_item(item));
    }
    for branch in &state.branches {
        lines.add("branch", &one_branch(branch, output));
    }
    for fee in &state.fees {
        lines.add("fee", &one_fee(fee, output));
    }
    for document in &state.documents {
        lines.add("document", &one_document(document, output));
    }
    if let Some(asked) = &state.supplement {
        let since = instant(Some(&asked.at.unwrap_or_default()));
        lines.add("asked for", &format!("{} (since {since})", asked.items.join(", ")));
    }
    ending(state, &mut lines);
    if let Some(personal) = &state.personal {
        personal_data(personal, &mut lines);
    }
    lines.add("may do", &offers(&state.offers));
    lines.add("version", &state.version.to_string());
    lines.add("evidence", &state.evidence);
    lines.0.join("\n")
}

/// Outcome, signature, result, delivery.
fn ending(state: &v1::DossierState, lines: &mut Lines) {
    lines.add("outcome", &state.outcome);
    if let Some(draft) = &state.draft {
        lines.add("draft", &format!("file {}", draft.sha256));
    }
    if let Some(signed) = &state.signature {
        lines.add("signed", &format!("{} by {}", instant(signed.at.as_ref()), signed.signer));
    }
    if let Some(result) = &state.result {
        lines.add("result", &format!("no. {} of {}", result.number, result.issued_on));
    }
    lines.add("completed", &instant(state.completed_at.as_ref()));
    if let Some(delivery) = &state.delivery {
        let to: Vec<&str> = delivery.recipients.iter().map(|one| one.id.as_str()).collect();
        let at = instant(delivery.at.as_ref());
        lines.add("delivered", &format!("{at} to {}", to.join(", ")));
    }
}

fn personal_data(personal: &v1::PersonalData, lines: &mut Lines) {
    for person in &personal.persons {
        let part = plain_name(person.part().as_str_name(), "PART");
        let text = format!("{} ({part}) {} {}", person.full_name, person.id, person.id_number);
        lines.add("person", &text);
    }
    lines.add("form", &personal.form_json);
}

fn one_branch(branch: &v1::BranchState, output: &Output) -> String {
    let name = output.words(branch.name.as_ref());
    let of = if branch.unit.is_empty() { String::new() } else { format!(" of {}", branch.unit) };
    let answer = match (&branch.ended_at, branch.answer.as_str()) {
        (None, _) => "open".to_owned(),
        (Some(_), "") => "cut short".to_owned(),
        (Some(_), _) => output.words(branch.answer_name.as_ref()).to_owned(),
    };
    let ended = branch.ended_at.as_ref().map(|at| format!(", {}", instant(Some(at))));
    format!("{name}{of}: {answer}{}", ended.unwrap_or_default())
}

/// Lines of a name and what is known; what is unknown gets none.
#[derive(Default)]
struct Lines(Vec<String>);

impl Lines {
    fn add(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.0.push(format!("  {name:<12}{}", clean(text)));
        }
    }
}

fn last_act(last: &v1::LastAct) -> String {
    let actor = last.actor.clone().unwrap_or_default();
    let mut text = format!("{} by {} as {}", last.kind, actor.id, actor.role);
    if !actor.unit.is_empty() {
        text.push_str(&format!(" of {}", actor.unit));
    }
    if !actor.acting_for.is_empty() {
        text.push_str(&format!(" for {}", actor.acting_for));
    }
    text
}

fn filed(filing: &v1::Filing) -> String {
    let at = instant(filing.submitted_at.as_ref());
    let channel = plain_name(filing.channel().as_str_name(), "CHANNEL");
    let (centre, agency) = (&filing.receiving_unit, &filing.competent_unit);
    format!("{at} ({channel}, {}) at {centre}, decided by {agency}", filing.variant)
}

fn clock(clock: Option<&v1::Clock>) -> String {
    let Some(clock) = clock else {
        return String::new();
    };
    let unit = plain_name(clock.unit().as_str_name(), "TIME_UNIT");
    let mut text = match clock.unit() {
        v1::TimeUnit::SameDay => unit,
        _ => format!("{} {unit}", clock.amount),
    };
    match (clock.paused, clock.due_at.as_ref()) {
        (true, _) => text.push_str(", paused"),
        (false, Some(due)) => text.push_str(&format!(", due {}", instant(Some(due)))),
        (false, None) => {}
    }
    if let (Some(used), Some(remaining)) = (clock.used, clock.remaining) {
        text.push_str(&format!(", {used} used, {remaining} left"));
    }
    if !clock.original_due_on.is_empty() {
        text.push_str(&format!(", first promised for {}", clock.original_due_on));
    }
    for (set, word) in [(clock.stopped, ", stopped"), (clock.provisional, ", provisional")] {
        text.push_str(if set { word } else { "" });
    }
    text
}

fn work_item(item: &v1::WorkItem) -> String {
    let holder = if item.assignee.is_empty() { "unclaimed" } else { &item.assignee };
    let due = instant(item.due_at.as_ref());
    let due = if due.is_empty() { due } else { format!(", due {due}") };
    let late = if item.late { ", late" } else { "" };
    format!("#{} {} for {} of {}: {holder}{due}{late}", item.id, item.step, item.role, item.unit)
}

fn one_fee(fee: &v1::Fee, output: &Output) -> String {
    let name = output.words(fee.name.as_ref());
    let paid = match fee.paid {
        true => format!("paid {} ({})", instant(fee.paid_at.as_ref()), fee.external_reference),
        false => "unpaid".to_owned(),
    };
    format!("{}: {} đ, {paid}, {name}", fee.id, grouped(fee.amount))
}

fn one_document(document: &v1::DocumentState, output: &Output) -> String {
    use v1::document::Content;
    let content = document.document.as_ref().and_then(|document| document.content.as_ref());
    let handed_in = match content {
        None => "not handed in".to_owned(),
        Some(Content::Upload(file)) => format!("file {}", &file.sha256),
        Some(Content::Paper(paper)) => {
            format!("{} originals, {} copies", paper.originals, paper.copies)
        }
        Some(Content::Presented(_)) => "presented".to_owned(),
        Some(Content::LookUp(answer)) => {
            format!("{} {}", answer.registry, if answer.found { "has it" } else { "has it not" })
        }
        Some(Content::Verified(answer)) => {
            let says = if answer.found { "confirms it" } else { "does not confirm it" };
            format!("{} {says}", answer.unit)
        }
    };
    let verdict = match document.accepted {
        None => "",
        Some(true) => ", accepted",
        Some(false) => ", rejected",
    };
    let name = output.words(document.name.as_ref());
    format!("{}: {handed_in}{verdict}, {name}", document.requirement)
}

/// What may be done, each act once.
pub(crate) fn offers(offers: &[v1::Offer]) -> String {
    let mut names: Vec<&str> = Vec::with_capacity(offers.len());
    for offer in offers {
        let name = if offer.action.is_empty() { &offer.act } else { &offer.action };
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// Dossiers as a table.
pub(crate) fn dossiers(states: &[v1::DossierState], output: &Output) -> Table {
    let mut table = Table::new(&["DOSSIER", "PROCEDURE", "STATE", "STATUS", "DUE", "VERSION"]);
    for state in states {
        let clocks = state.clocks.as_ref();
        let clock = clocks.and_then(|c| c.committed.as_ref().or(c.statutory.as_ref()));
        table.row([
            if state.code.is_empty() { state.id.clone() } else { state.code.clone() },
            output.words(state.procedure_name.as_ref()).to_owned(),
            state.state.clone(),
            status(state.status()),
            clock.map(|clock| instant(clock.due_at.as_ref())).unwrap_or_default(),
            state.version.to_string(),
        ]);
    }
    table
}

/// What the public look-up shows.
pub(crate) fn tracked(found: &v1::TrackDossierResponse, output: &Output) -> String {
    let mut lines = Lines::default();
    let name = output.words(found.procedure_name.as_ref());
    let code = if found.code.is_empty() { "not received yet" } else { &found.code };
    lines.0.push(output.bold(&clean(&format!("{code}  {name}"))));
    let state = output.words(found.state_name.as_ref());
    lines.add("state", &format!("{state}, {}", status(found.status())));
    lines.add("since", &instant(found.since.as_ref()));
    lines.add("filed", &instant(found.submitted_at.as_ref()));
    lines.add("appointment", &clock(found.appointment.as_ref()));
    if let Some(asked) = &found.supplement {
        lines.add("asked for", &asked.items.join(", "));
    }
    for fee in &found.fees {
        lines.add("fee", &one_fee(fee, output));
    }
    lines.add("completed", &instant(found.completed_at.as_ref()));
    lines.add("delivered", &instant(found.delivered_at.as_ref()));
    lines.0.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_shows_its_national_code() {
        assert_eq!(status(v1::Status::SupplementRequired), "5 supplement_required");
    }

    #[test]
    fn a_dossier_shows_where_it_stands_and_what_may_be_done() {
        let offer = |action: &str| v1::Offer {
            act: "advance".into(),
            action: action.into(),
            ..Default::default()
        };
        let state = v1::DossierState {
            id: "0190".into(),
            code: "H49.61.05-261124-0001".into(),
            state: "examination".into(),
            status: v1::Status::Processing.into(),
            version: 7,
            offers: vec![offer("draft_result"), offer("draft_result"), offer("apologise")],
            ..Default::default()
        };
        let text = dossier(&state, &Output::plain());
        assert!(text.starts_with("H49.61.05-261124-0001"));
        assert!(text.contains("examination (), 4 processing"));
        assert!(text.contains("draft_result, apologise\n"), "{text}");
    }

    #[test]
    fn a_paused_clock_shows_no_date() {
        let paused = v1::Clock {
            unit: v1::TimeUnit::WorkingDay.into(),
            amount: 3,
            paused: true,
            used: Some(1),
            remaining: Some(2),
            ..Default::default()
        };
        assert_eq!(clock(Some(&paused)), "3 working day, paused, 1 used, 2 left");
    }
}

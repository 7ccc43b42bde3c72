//! Dossiers, fees, offers and findings as people read them.

use motcua_api::v1;
use motcua_procedures::{Role, Status};
use unicode_width::UnicodeWidthStr as _;

use crate::commands;
use crate::output::{Lang, Output, grouped, instant};
use crate::table::{Table, clean};

/// Name of a national status, in the words of the glossary, with its code.
pub(crate) fn status(status: v1::Status, output: &Output) -> String {
    let code = i32::from(status);
    let known = u8::try_from(code).ok().and_then(|code| Status::try_from(code).ok());
    let name = match (output.lang, known) {
        (Lang::Vi, Some(known)) => {
            motcua_printing::status_name(known, motcua_deadlines::Lang::Vi).to_owned()
        }
        (Lang::Vi, None) | (Lang::En, _) => {
            status.as_str_name().trim_start_matches("STATUS_").to_lowercase()
        }
    };
    format!("{code} {name}")
}

/// A name without its enum, in lower case: `TIME_UNIT_WORKING_DAY` as `working day`.
fn plain_name(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).trim_start_matches('_').to_lowercase().replace('_', " ")
}

/// A dossier with everything that is known of it.
pub(crate) fn dossier(state: &v1::DossierState, output: &Output) -> String {
    let mut lines = Lines::new(output);
    let title = if state.code.is_empty() { &state.id } else { &state.code };
    let name = output.words(state.procedure_name.as_ref());
    let procedure = state.procedure.clone().unwrap_or_default();
    let head = format!("{title}  {name} ({} {})", procedure.code, procedure.version);
    lines.0.push(output.bold(&clean(&head)));
    lines.add("id", &state.id);
    let place = output.words(state.state_name.as_ref());
    let closed = if state.closed { format!(", {}", output.label("closed")) } else { String::new() };
    lines.add(
        "state",
        &format!("{} ({place}), {}{closed}", state.state, status(state.status(), output)),
    );
    lines.add("since", &instant(state.since.as_ref()));
    if let Some(last) = &state.last_act {
        lines.add("last act", &last_act(last, output));
    }
    if let Some(filing) = &state.filing {
        lines.add("filed", &filed(filing, output));
    }
    if let Some(clocks) = &state.clocks {
        lines.add("law", &clock(clocks.statutory.as_ref(), output));
        lines.add("appointment", &clock(clocks.committed.as_ref(), output));
        lines.add("paused on", &clocks.paused_on);
        lines.add("phase", &clocks.phase);
    }
    for further in &state.further_clocks {
        let name = output.words(further.name.as_ref());
        lines.add("limit", &format!("{name}: {}", clock(further.clock.as_ref(), output)));
    }
    for item in &state.work_items {
        lines.add("work", &work_item(item, output));
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
        lines.add(
            "asked for",
            &format!("{} ({} {since})", asked.items.join(", "), output.label("since")),
        );
    }
    ending(state, &mut lines, output);
    if let Some(personal) = &state.personal {
        personal_data(personal, &mut lines);
    }
    lines.add("may do", &offers(&state.offers, output));
    lines.add("version", &state.version.to_string());
    lines.add("evidence", &state.evidence);
    lines.0.join("\n")
}

/// Outcome, signature, result, delivery.
fn ending(state: &v1::DossierState, lines: &mut Lines<'_>, output: &Output) {
    lines.add("outcome", &state.outcome);
    if let Some(draft) = &state.draft {
        lines.add("draft", &format!("file {}", draft.sha256));
    }
    if let Some(signed) = &state.signature {
        lines.add(
            "signed",
            &format!(
                "{} {} {}",
                instant(signed.at.as_ref()),
                output.either("bởi", "by"),
                signed.signer
            ),
        );
    }
    if let Some(result) = &state.result {
        lines.add(
            "result",
            &format!(
                "{} {} {} {}",
                output.either("số", "no."),
                result.number,
                output.either("ngày", "of"),
                result.issued_on
            ),
        );
    }
    lines.add("completed", &instant(state.completed_at.as_ref()));
    if let Some(delivery) = &state.delivery {
        let to: Vec<&str> = delivery.recipients.iter().map(|one| one.id.as_str()).collect();
        let at = instant(delivery.at.as_ref());
        lines.add("delivered", &format!("{at} {} {}", output.either("cho", "to"), to.join(", ")));
    }
}

fn personal_data(personal: &v1::PersonalData, lines: &mut Lines<'_>) {
    for person in &personal.persons {
        let part = plain_name(person.part().as_str_name(), "PART");
        let text = format!("{} ({part}) {} {}", person.full_name, person.id, person.id_number);
        lines.add("person", &text);
    }
    lines.add("form", &personal.form_json);
}

fn one_branch(branch: &v1::BranchState, output: &Output) -> String {
    let name = output.words(branch.name.as_ref());
    let of = if branch.unit.is_empty() {
        String::new()
    } else {
        format!(" {} {}", output.either("thuộc", "of"), branch.unit)
    };
    let answer = match (&branch.ended_at, branch.answer.as_str()) {
        (None, _) => output.label("open").to_owned(),
        (Some(_), "") => output.label("cut short").to_owned(),
        (Some(_), _) => output.words(branch.answer_name.as_ref()).to_owned(),
    };
    let ended = branch.ended_at.as_ref().map(|at| format!(", {}", instant(Some(at))));
    format!("{name}{of}: {answer}{}", ended.unwrap_or_default())
}

/// Lines of a name and what is known; what is unknown gets none.
struct Lines<'a>(Vec<String>, &'a Output);

impl<'a> Lines<'a> {
    fn new(output: &'a Output) -> Self {
        Self(Vec::new(), output)
    }

    fn add(&mut self, name: &'static str, text: &str) {
        if !text.is_empty() {
            self.0.push(labelled(name, &clean(text), self.1));
        }
    }
}

/// A line of a label and a text.
pub(crate) fn labelled(name: &'static str, text: &str, output: &Output) -> String {
    let name = output.label(name);
    let gap = " ".repeat(12_usize.saturating_sub(name.width()).max(1));
    format!("  {name}{gap}{text}")
}

fn last_act(last: &v1::LastAct, output: &Output) -> String {
    let actor = last.actor.clone().unwrap_or_default();
    let (by, role) = (output.either("do", "by"), output.either("với vai trò", "as"));
    let mut text = format!("{} {by} {} {role} {}", last.kind, actor.id, actor.role);
    if !actor.unit.is_empty() {
        text.push_str(&format!(" {} {}", output.either("thuộc", "of"), actor.unit));
    }
    if !actor.acting_for.is_empty() {
        text.push_str(&format!(" {} {}", output.either("thay", "for"), actor.acting_for));
    }
    text
}

fn filed(filing: &v1::Filing, output: &Output) -> String {
    let at = instant(filing.submitted_at.as_ref());
    let channel = match (output.lang, filing.channel()) {
        (Lang::Vi, v1::Channel::Counter) => "trực tiếp".to_owned(),
        (Lang::Vi, v1::Channel::Online) => "trực tuyến".to_owned(),
        (Lang::Vi, v1::Channel::Post) => "bưu chính".to_owned(),
        (Lang::Vi, v1::Channel::Unspecified) | (Lang::En, _) => {
            plain_name(filing.channel().as_str_name(), "CHANNEL")
        }
    };
    let (centre, agency) = (&filing.receiving_unit, &filing.competent_unit);
    let (place, by) = (output.either("tại", "at"), output.either("giải quyết bởi", "decided by"));
    format!("{at} ({channel}, {}) {place} {centre}, {by} {agency}", filing.variant)
}

fn time_unit(unit: v1::TimeUnit, output: &Output) -> String {
    match (output.lang, unit) {
        (Lang::Vi, v1::TimeUnit::WorkingDay) => "ngày làm việc".to_owned(),
        (Lang::Vi, v1::TimeUnit::CalendarDay) => "ngày".to_owned(),
        (Lang::Vi, v1::TimeUnit::WorkingHour) => "giờ làm việc".to_owned(),
        (Lang::Vi, v1::TimeUnit::SameDay) => "trong ngày".to_owned(),
        (Lang::Vi, v1::TimeUnit::Month) => "tháng".to_owned(),
        (Lang::Vi, v1::TimeUnit::Unspecified) | (Lang::En, _) => {
            plain_name(unit.as_str_name(), "TIME_UNIT")
        }
    }
}

fn clock(clock: Option<&v1::Clock>, output: &Output) -> String {
    let Some(clock) = clock else {
        return String::new();
    };
    let unit = time_unit(clock.unit(), output);
    let mut text = match clock.unit() {
        v1::TimeUnit::SameDay => unit,
        _ => format!("{} {unit}", clock.amount),
    };
    match (clock.paused, clock.due_at.as_ref()) {
        (true, _) => text.push_str(&format!(", {}", output.label("paused"))),
        (false, Some(due)) => {
            text.push_str(&format!(", {} {}", output.label("due"), instant(Some(due))))
        }
        (false, None) => {}
    }
    if let (Some(used), Some(remaining)) = (clock.used, clock.remaining) {
        let (one, other) = (output.either("đã dùng", "used"), output.either("còn", "left"));
        text.push_str(&match output.lang {
            Lang::En => format!(", {used} {one}, {remaining} {other}"),
            Lang::Vi => format!(", {one} {used}, {other} {remaining}"),
        });
    }
    if !clock.original_due_on.is_empty() {
        let promised = output.either("hẹn lần đầu", "first promised for");
        text.push_str(&format!(", {promised} {}", clock.original_due_on));
    }
    for (set, word) in [(clock.stopped, "stopped"), (clock.provisional, "provisional")] {
        if set {
            text.push_str(&format!(", {}", output.label(word)));
        }
    }
    text
}

fn work_item(item: &v1::WorkItem, output: &Output) -> String {
    let holder = match item.assignee.as_str() {
        "" => output.label("unclaimed"),
        holder => holder,
    };
    let due = instant(item.due_at.as_ref());
    let due = match due.is_empty() {
        true => due,
        false => format!(", {} {due}", output.label("due")),
    };
    let late = if item.late { format!(", {}", output.label("late")) } else { String::new() };
    let (role, unit) = (output.either("dành cho", "for"), output.either("thuộc", "of"));
    let v1::WorkItem { id, step, .. } = item;
    format!("#{id} {step} {role} {} {unit} {}: {holder}{due}{late}", item.role, item.unit)
}

fn one_fee(fee: &v1::Fee, output: &Output) -> String {
    let name = output.words(fee.name.as_ref());
    let paid = match fee.paid {
        true => {
            let at = instant(fee.paid_at.as_ref());
            format!("{} {at} ({})", output.either("đã nộp", "paid"), fee.external_reference)
        }
        false => output.label("unpaid").to_owned(),
    };
    format!("{}: {} đ, {paid}, {name}", fee.id, grouped(fee.amount))
}

fn one_document(document: &v1::DocumentState, output: &Output) -> String {
    use v1::document::Content;
    let content = document.document.as_ref().and_then(|document| document.content.as_ref());
    let handed_in = match content {
        None => output.label("not handed in").to_owned(),
        Some(Content::Upload(file)) => {
            format!("{} {}", output.either("tệp", "file"), &file.sha256)
        }
        Some(Content::Paper(paper)) => {
            let kinds =
                (output.either("bản chính", "originals"), output.either("bản sao", "copies"));
            format!("{} {}, {} {}", paper.originals, kinds.0, paper.copies, kinds.1)
        }
        Some(Content::Presented(_)) => output.label("presented").to_owned(),
        Some(Content::LookUp(answer)) => {
            let found = if answer.found { "has it" } else { "has it not" };
            format!("{} {}", answer.registry, output.label(found))
        }
        Some(Content::Verified(answer)) => {
            let says = if answer.found { "confirms it" } else { "does not confirm it" };
            format!("{} {says}", answer.unit)
        }
    };
    let verdict = match document.accepted {
        None => String::new(),
        Some(true) => format!(", {}", output.label("accepted")),
        Some(false) => format!(", {}", output.label("rejected")),
    };
    let name = output.words(document.name.as_ref());
    format!("{}: {handed_in}{verdict}, {name}", document.requirement)
}

/// The commands that carry out what may be done, each once.
pub(crate) fn offers(offers: &[v1::Offer], output: &Output) -> String {
    let mut names: Vec<String> = Vec::with_capacity(offers.len());
    for offer in offers {
        let mut name = commands::of(&offer.act, &offer.action);
        if matches!(offer.roles.as_slice(), [role] if role == Role::Applicant.as_str()) {
            name.push_str(output.either(" (người nộp)", " (the applicant)"));
        }
        if !offer.documents.is_empty() {
            let with = output.either("kèm", "with");
            name.push_str(&format!(" ({with} {})", offer.documents.join(", ")));
        }
        if !names.contains(&name) {
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
            status(state.status(), output),
            clock.map(|clock| instant(clock.due_at.as_ref())).unwrap_or_default(),
            state.version.to_string(),
        ]);
    }
    table
}

/// What the public look-up shows.
pub(crate) fn tracked(found: &v1::TrackDossierResponse, output: &Output) -> String {
    let mut lines = Lines::new(output);
    let name = output.words(found.procedure_name.as_ref());
    let code = match found.code.as_str() {
        "" => output.label("not received yet"),
        code => code,
    };
    lines.0.push(output.bold(&clean(&format!("{code}  {name}"))));
    let state = output.words(found.state_name.as_ref());
    lines.add("state", &format!("{state}, {}", status(found.status(), output)));
    lines.add("since", &instant(found.since.as_ref()));
    lines.add("filed", &instant(found.submitted_at.as_ref()));
    lines.add("appointment", &clock(found.appointment.as_ref(), output));
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
    fn an_act_that_begins_a_phase_shows_what_to_bring() {
        let offer = v1::Offer {
            act: "advance".into(),
            action: "report_completion".into(),
            documents: vec!["D2".into(), "D3".into()],
            ..Default::default()
        };
        let said = offers(&[offer], &Output::plain());
        assert_eq!(said, "advance report_completion (with D2, D3)");
    }

    #[test]
    fn a_status_shows_its_national_code() {
        let of = |lang| status(v1::Status::SupplementRequired, &Output::plain_with(false, lang));
        assert_eq!(of(Lang::En), "5 supplement_required");
        assert_eq!(of(Lang::Vi), "5 Yêu cầu bổ sung giấy tờ");
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
        assert!(text.contains("may do      advance draft_result, advance apologise\n"), "{text}");
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
        assert_eq!(clock(Some(&paused), &Output::plain()), "3 working day, paused, 1 used, 2 left");
    }
}

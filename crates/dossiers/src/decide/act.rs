//! Which action a command means, and whether this actor may carry it out now.

use motcua_procedures::{Act, Action, Procedure, Role, Step, Target, Text, UnitRef, nearest};
use serde::Serialize;
use serde_json::Value;

use super::transition::Change;
use super::{Case, Context, active_unit, dossier_closed, reject, violation};
use crate::command::{Actor, Advance, Choose, DocumentContent, ItemName};
use crate::dossier::{Dossier, WorkItem};
use crate::event::Event;
use crate::policy;
use crate::rejection::{Reason, Rejection};

/// Most characters of a written reason.
pub(super) const REASON_CHARS_MAX: usize = 4_000;

/// Something that may be done with a dossier as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// Work item, where the act is about one.
    pub item: Option<u32>,
    /// The act.
    pub act: &'static str,
    /// The procedure's action.
    pub action: Option<String>,
    /// What it is called.
    pub name: Text,
    /// Roles that may do it.
    pub roles: Vec<Role>,
    /// Unit in which; none for the applicant.
    pub unit: Option<String>,
    /// A written reason is needed.
    pub reason_required: bool,
    /// Requirements whose documents are asked for from this act on: those of the phase that it
    /// begins. A party brings them along.
    pub documents: Vec<String>,
}

/// The action, work item and step that a command resolved to.
#[derive(Clone, Copy)]
pub(super) struct Chosen<'a> {
    pub(super) item: &'a WorkItem,
    pub(super) step: &'a Step,
    pub(super) action: &'a Action,
}

/// Everything that may be done with the dossier now, by whomever. Conditions that depend on
/// personal values are left to the act itself; what was used as often as allowed is not offered.
pub fn offers(dossier: &Dossier, procedure: &Procedure) -> Vec<Offer> {
    let mut offers = Vec::new();
    for item in dossier.items.values() {
        let Some(step) = procedure.step(&item.step) else {
            continue;
        };
        let by_people = |action: &&Action| !action.act.is_automatic();
        let left =
            |action: &&Action| !is_used_up(dossier, Chosen { item, step, action }, procedure);
        for action in step.actions.iter().filter(by_people).filter(left) {
            offers.push(Offer {
                item: Some(item.id),
                act: action.act.as_str(),
                action: Some(action.id.clone()),
                name: action.name.clone(),
                roles: action.roles.clone(),
                unit: (!action.roles.contains(&Role::Applicant))
                    .then(|| unit_of(action, step, item, dossier).to_owned()),
                reason_required: action.reason,
                documents: super::phases::documents_of(action, procedure),
            });
        }
        offers.extend(desk_offers(item, step));
    }
    if !dossier.closed && dossier.fees.values().any(|fee| fee.payment.is_none()) {
        let unit = dossier.filing.receiving_unit.clone();
        offers.push(plain(
            "record_payment",
            None,
            &[Role::Cashier],
            unit,
            "Thu phí",
            "Record payment",
        ));
    }
    offers
}

fn desk_offers(item: &WorkItem, step: &Step) -> Vec<Offer> {
    let own = [item.role];
    let heads = [Role::HeadOfDivision, Role::SigningLeader];
    let plain =
        |act, roles: &[Role], vi, en| plain(act, Some(item.id), roles, item.unit.clone(), vi, en);
    let mut offers = Vec::new();
    if step.reviews {
        offers.push(plain("decide_items", &own, "Kiểm tra thành phần", "Decide items"));
        offers.push(plain("record_lookup", &own, "Ghi kết quả tra cứu", "Record look-up"));
    }
    if item.role != Role::Applicant {
        let with_head = [item.role, Role::HeadOfDivision];
        match item.assignee {
            None => offers.push(plain("claim", &own, "Nhận việc", "Claim")),
            Some(_) => offers.push(plain("release", &with_head, "Trả lại việc", "Release")),
        }
        let with_heads = [item.role, Role::HeadOfDivision, Role::SigningLeader];
        offers.push(plain("assign", &heads, "Phân công", "Assign"));
        offers.push(plain("hand_over", &with_heads, "Bàn giao", "Hand over"));
    }
    offers
}

fn plain(
    act: &'static str,
    item: Option<u32>,
    roles: &[Role],
    unit: String,
    vi: &str,
    en: &str,
) -> Offer {
    let name = Text { vi: vi.into(), en: en.into() };
    let unit = Some(unit);
    let (roles, documents) = (roles.to_vec(), Vec::new());
    Offer { item, act, action: None, name, roles, unit, reason_required: false, documents }
}

/// Finds the one action that the command means and this actor may carry out.
pub(super) fn choose<'a>(
    dossier: &'a Dossier,
    act: Act,
    choose: &Choose,
    ctx: &'a Context<'_>,
) -> Result<Chosen<'a>, Rejection> {
    let offered = offered(dossier, act, choose, ctx)?;
    let used_up = offered.iter().all(|chosen| is_used_up(dossier, *chosen, ctx.procedure));
    let first = offered[0];
    let mut refusal = None;
    let mut allowed = Vec::new();
    for chosen in offered {
        match authorise(dossier, chosen, ctx.actor) {
            Ok(()) => allowed.push(chosen),
            Err(rejection) => refusal = refusal.or(Some(rejection)),
        }
    }
    let chosen = match (allowed.as_slice(), refusal) {
        ([chosen], _) => *chosen,
        // What is offered to nobody any more: no other role or unit would help.
        ([], _) if used_up => return Err(rounds_exhausted(dossier, first, ctx.procedure)),
        ([], Some(rejection)) => return Err(rejection),
        ([], None) => return Err(not_offered(dossier, act, choose, ctx)),
        (several, _) => return Err(ambiguous(several)),
    };
    check(dossier, chosen, choose, ctx)?;
    Ok(chosen)
}

fn offered<'a>(
    dossier: &'a Dossier,
    act: Act,
    choose: &Choose,
    ctx: &'a Context<'_>,
) -> Result<Vec<Chosen<'a>>, Rejection> {
    if let Some(id) = choose.item
        && !dossier.items.contains_key(&id)
    {
        return Err(item_not_open(id));
    }
    let items = dossier.items.values().filter(|item| choose.item.is_none_or(|id| item.id == id));
    let mut found = Vec::new();
    for item in items {
        let Some(step) = ctx.procedure.step(&item.step) else {
            continue;
        };
        let named = |action: &&Action| choose.action.as_ref().is_none_or(|id| *id == action.id);
        let fitting = step.actions.iter().filter(|action| action.act == act).filter(named);
        found.extend(fitting.map(|action| Chosen { item, step, action }));
    }
    if found.is_empty() { Err(not_offered(dossier, act, choose, ctx)) } else { Ok(found) }
}

pub(super) fn item_not_open(id: u32) -> Rejection {
    reject(
        Reason::ItemNotOpen,
        format!("Việc số {id} của hồ sơ không còn mở."),
        format!("Work item {id} of the dossier is not open; reload the dossier."),
    )
}

fn not_offered(dossier: &Dossier, act: Act, choose: &Choose, ctx: &Context<'_>) -> Rejection {
    if dossier.closed {
        return dossier_closed();
    }
    if let Some(rejection) =
        choose.action.as_ref().and_then(|named| misnamed(named, act, dossier, ctx))
    {
        return rejection;
    }
    let name = ctx.procedure.step(&dossier.state).map(|step| &step.name);
    let (vi, en) = name.map_or(("", ""), |name| (name.vi.as_str(), name.en.as_str()));
    reject(
        Reason::ActNotOffered,
        format!("Không thể thực hiện \"{}\" khi hồ sơ ở bước \"{vi}\".", act.as_str()),
        format!(
            "{} cannot be done while the dossier is in \"{en}\" ({}).",
            act.as_str(),
            dossier.state
        ),
    )
}

/// The refusal of an action that goes by another act or, by all appearances, another name.
fn misnamed(named: &str, act: Act, dossier: &Dossier, ctx: &Context<'_>) -> Option<Rejection> {
    let steps = dossier.items.values().filter_map(|item| ctx.procedure.step(&item.step));
    let actions: Vec<&Action> =
        steps.flat_map(|step| &step.actions).filter(|action| !action.act.is_automatic()).collect();
    let act = act.as_str();
    if let Some(action) = actions.iter().find(|action| action.id == named) {
        let right = action.act.as_str();
        return Some(reject(
            Reason::ActNotOffered,
            format!("Thao tác \"{named}\" thuộc nghiệp vụ {right}, không phải {act}."),
            format!("{named:?} is done by the act {right}, not by {act}: {right}:{named}."),
        ));
    }
    let near = nearest(named, actions.iter().map(|action| action.id.as_str()))?;
    let action = actions.iter().find(|action| action.id == near)?;
    let meant = format!("{}:{near}", action.act.as_str());
    Some(reject(
        Reason::ActNotOffered,
        format!("Bước này không có thao tác \"{named}\"; có phải {meant}?"),
        format!("There is no action {named:?} here. Did you mean {meant}?"),
    ))
}

fn ambiguous(several: &[Chosen<'_>]) -> Rejection {
    let names: Vec<String> =
        several.iter().map(|c| format!("item {} action {}", c.item.id, c.action.id)).collect();
    let list = names.join(", ");
    reject(
        Reason::AmbiguousAction,
        format!("Có nhiều thao tác phù hợp, hãy chọn một: {list}."),
        format!("Several actions fit, name one: {list}."),
    )
}

/// The unit in which an action is carried out: where the item lies, unless the action names
/// another end of the dossier than its step.
fn unit_of<'a>(action: &Action, step: &Step, item: &'a WorkItem, dossier: &'a Dossier) -> &'a str {
    if action.unit == step.unit {
        return &item.unit;
    }
    match action.unit {
        UnitRef::Receiving => &dossier.filing.receiving_unit,
        UnitRef::Competent => &dossier.filing.competent_unit,
        UnitRef::Chosen | UnitRef::Branch => &item.unit,
    }
}

fn authorise(dossier: &Dossier, chosen: Chosen<'_>, actor: &Actor) -> Result<(), Rejection> {
    let Chosen { item, step, action } = chosen;
    if action.roles.contains(&Role::Applicant) && policy::acts_as_party(actor, dossier) {
        return of_the_asker(dossier, action, actor);
    }
    let unit = unit_of(action, step, item, dossier);
    let staff = actor.role != Role::Applicant && action.roles.contains(&actor.role);
    if !staff || actor.unit.as_deref() != Some(unit) {
        return Err(role_required(&action.roles, unit));
    }
    held_by_another(item, actor)
}

/// A withdrawal is taken back by the party that asked for it, not by another one.
fn of_the_asker(dossier: &Dossier, action: &Action, actor: &Actor) -> Result<(), Rejection> {
    let another = dossier.withdrawn_by().is_some_and(|asker| asker != actor.person());
    if action.act != Act::DeclineWithdrawal || !another {
        return Ok(());
    }
    Err(reject(
        Reason::RoleRequired,
        "Chỉ người đã xin rút hồ sơ được rút lại đề nghị đó.",
        "Only the person who asked to withdraw may take that back.",
    ))
}

/// Someone else's work is left alone by those of the same role.
pub(super) fn held_by_another(item: &WorkItem, actor: &Actor) -> Result<(), Rejection> {
    match &item.assignee {
        Some(holder) if *holder != actor.id && actor.role == item.role => Err(reject(
            Reason::ItemHeld,
            format!("Việc này đang do {holder} giữ; cần bàn giao hoặc trả lại trước."),
            format!("{holder} holds this work item; it must be handed over or released first."),
        )),
        _ => Ok(()),
    }
}

pub(super) fn role_required(roles: &[Role], unit: &str) -> Rejection {
    let staff = roles.iter().filter(|role| **role != Role::Applicant);
    let names: Vec<&str> = staff.map(|role| role.as_str()).collect();
    let names = names.join(", ");
    let for_applicant = (
        "ghi người nộp vào `acting_for` khi thao tác thay tại quầy",
        "at the counter, name the applicant in `acting_for`",
    );
    let (vi, en) = match (names.is_empty(), roles.contains(&Role::Applicant)) {
        (_, false) => (
            format!("Chỉ vai trò {names} của đơn vị {unit} được thực hiện."),
            format!("Only {names} of unit {unit} may do this."),
        ),
        (true, true) => (
            format!("Chỉ người nộp hồ sơ được thực hiện; {}.", for_applicant.0),
            format!("Only the applicant may do this; {}.", for_applicant.1),
        ),
        (false, true) => (
            format!(
                "Chỉ người nộp hồ sơ, hoặc vai trò {names} của đơn vị {unit}, được thực hiện; {}.",
                for_applicant.0
            ),
            format!(
                "Only the applicant, or {names} of unit {unit}, may do this; {}.",
                for_applicant.1
            ),
        ),
    };
    reject(Reason::RoleRequired, vi, en)
}

fn check(
    dossier: &Dossier,
    chosen: Chosen<'_>,
    choose: &Choose,
    ctx: &Context<'_>,
) -> Result<(), Rejection> {
    let action = chosen.action;
    if !Case::of(dossier, ctx).holds(action.when.as_ref())? {
        let text = action.when.as_ref().map_or("", |guard| guard.text());
        return Err(reject(
            Reason::ConditionNotMet,
            format!("\"{}\" chỉ thực hiện được khi: {text}.", action.name.vi),
            format!("\"{}\" is possible only where this holds: {text}.", action.name.en),
        ));
    }
    four_eyes(dossier, chosen, ctx)?;
    let results = &ctx.procedure.definition().results;
    if results.iter().any(|r| r.positive && Some(&r.id) == action.outcome.as_ref()) {
        super::review::fit_for_grant(dossier, ctx.procedure)?;
    }
    let given = choose.reason.as_deref().unwrap_or_default().trim();
    if action.reason && given.is_empty() {
        return Err(reject(
            Reason::ReasonRequired,
            "Phải ghi lý do bằng văn bản.",
            "A written reason is required: give it in `reason`.",
        ));
    }
    if is_used_up(dossier, chosen, ctx.procedure) {
        return Err(rounds_exhausted(dossier, chosen, ctx.procedure));
    }
    Ok(())
}

/// Whoever did one of the named steps last may not do this: four eyes see more than two.
fn four_eyes(dossier: &Dossier, chosen: Chosen<'_>, ctx: &Context<'_>) -> Result<(), Rejection> {
    let actor = &ctx.actor.id;
    let did = |step: &&String| {
        let in_branches = format!(":{step}");
        let holders = dossier.holders.iter();
        holders
            .filter(|(key, _)| *key == *step || key.ends_with(&in_branches))
            .any(|(_, holder)| holder == actor)
    };
    let Some(step) = chosen.action.not_by.iter().find(did) else {
        return Ok(());
    };
    let name = ctx.procedure.step(step).map(|step| &step.name);
    let (vi, en) = name.map_or((step.as_str(), step.as_str()), |name| (&name.vi, &name.en));
    Err(reject(
        Reason::FourEyes,
        format!("Người đã thực hiện bước \"{vi}\" không được thực hiện thao tác này."),
        format!("Whoever did \"{en}\" may not do this; another person must."),
    ))
}

/// `STEP/ACTION`, as it stands in events.
pub(super) fn action_name(chosen: Chosen<'_>) -> String {
    format!("{}/{}", chosen.step.id, chosen.action.id)
}

/// Under which name uses of a counted action are kept: actions of one act that lead to the same
/// step count together, since they are rounds of the same stage (T23).
pub(super) fn round_name(step: &Step, action: &Action) -> String {
    match &action.target {
        Target::Step(to) => format!("{}/{to}", action.act.as_str()),
        Target::Stay | Target::Back | Target::End | Target::Choice(_) => {
            format!("{}/{}", step.id, action.id)
        }
    }
}

fn rounds_exhausted(dossier: &Dossier, chosen: Chosen<'_>, procedure: &Procedure) -> Rejection {
    let used = rounds_used(dossier, chosen, procedure);
    let name = &chosen.action.name;
    reject(
        Reason::RoundsExhausted,
        format!("Đã dùng hết số lần cho phép ({used}) của \"{}\".", name.vi),
        format!("\"{}\" has been used {used} times, as often as allowed.", name.en),
    )
}

/// Whether a counted action was used as often as it may be.
fn is_used_up(dossier: &Dossier, chosen: Chosen<'_>, procedure: &Procedure) -> bool {
    let most = chosen.action.rounds_max;
    most.is_some_and(|most| rounds_used(dossier, chosen, procedure) >= most)
}

/// How often a counted action was used in the life of the dossier. One that stays where it is and
/// stands in several steps, as those of `anywhere:` do, is one action in all of them.
fn rounds_used(dossier: &Dossier, chosen: Chosen<'_>, procedure: &Procedure) -> u32 {
    let action = chosen.action;
    if !matches!(action.target, Target::Stay) {
        return dossier.rounds.get(&round_name(chosen.step, action)).copied().unwrap_or(0);
    }
    let is_same = |name: &str| {
        let other = name.split_once('/').and_then(|(step, id)| procedure.action(step, id));
        other.is_some_and(|other| {
            let stays = matches!(other.target, Target::Stay);
            stays && other.id == action.id && other.act == action.act
        })
    };
    let used = dossier.rounds.iter().filter(|(name, _)| is_same(name));
    used.map(|(_, used)| *used).sum()
}

/// An action that the procedure defines itself.
pub(super) fn advance(
    dossier: &Dossier,
    advance: &Advance,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    if advance.choose.action.is_none() {
        return Err(reject(
            Reason::AmbiguousAction,
            "Hãy nêu tên thao tác của thủ tục.",
            "Name the procedure's action in `action`.",
        ));
    }
    let chosen = choose(dossier, Act::Advance, &advance.choose, ctx)?;
    let mut change = Change::begin(dossier, Act::Advance.as_str(), chosen, &advance.choose, ctx);
    if let Some(unit) = &advance.unit {
        change.go_to_unit(&active_unit(ctx, unit, "unit")?.id);
    }
    change.units.clone_from(&advance.units);
    match super::money::assessed(&change, chosen.action)? {
        Some(fee) => super::money::assess(&mut change, fee, advance.data.as_ref())?,
        None => record_data(&mut change, chosen.action, advance.data.as_ref())?,
    }
    super::result::record_draft(&mut change, chosen, advance.draft.as_ref())?;
    record_verified(&mut change, chosen, advance.data.as_ref())?;
    super::phases::record_documents(&mut change, chosen.action, &advance.documents)?;
    change.follow_target()?;
    super::phases::complete(&mut change, chosen.action)?;
    change.finish()
}

fn record_data(
    change: &mut Change<'_>,
    action: &Action,
    data: Option<&Value>,
) -> Result<(), Rejection> {
    let empty = Value::Object(serde_json::Map::new());
    let Some(schema) = &action.data else {
        if data.is_some_and(|data| *data != empty) {
            return Err(reject(
                Reason::FormInvalid,
                "Thao tác này không nhận dữ liệu.",
                "This action takes no data: leave `data` out.",
            ));
        }
        return Ok(());
    };
    let data = data.unwrap_or(&empty);
    let faults = schema.validate(data);
    if !faults.is_empty() {
        let mut rejection = reject(
            Reason::FormInvalid,
            "Dữ liệu của thao tác chưa hợp lệ.",
            "The data of the action breaks its schema.",
        );
        rejection.violations = faults
            .into_iter()
            .map(|f| violation(format!("data{}", f.path), &f.code, f.message.vi, f.message.en))
            .collect();
        return Err(rejection);
    }
    for (name, value) in data.as_object().into_iter().flatten() {
        change.personal(format!("data.{name}"), value.clone());
    }
    Ok(())
}

/// The unit that was asked answers for documents; what it says, only its data tells.
fn record_verified(
    change: &mut Change<'_>,
    chosen: Chosen<'_>,
    data: Option<&Value>,
) -> Result<(), Rejection> {
    let verifies = &chosen.action.verifies;
    let answer_of = |name: &str| data.and_then(|data| data.get(name)).and_then(Value::as_str);
    if !verifies.is_empty() && verifies.iter().all(|v| answer_of(&v.data).is_none()) {
        let names: Vec<&str> = verifies.iter().map(|v| v.data.as_str()).collect();
        let names = names.join(", ");
        return Err(reject(
            Reason::FormInvalid,
            format!("Phải trả lời ít nhất một nội dung xác minh: {names}."),
            format!("The answer answers nothing: give at least one of {names} in `data`."),
        ));
    }
    for verified in verifies {
        let Some(answer) = answer_of(&verified.data) else { continue };
        let found = verified.proved_by.iter().any(|value| value == answer);
        let content = DocumentContent::Verified { unit: chosen.item.unit.clone(), found };
        let kept = change.dossier.documents.get(&verified.document).is_some_and(is_paper);
        if found || !kept {
            change.facts.documents.insert(verified.document.clone(), content);
        }
        if found {
            let item = ItemName::Document(verified.document.clone());
            change.facts.decisions.insert(item, true);
        }
    }
    Ok(())
}

/// What a person handed in or showed, which an answer that proves nothing does not undo.
fn is_paper(content: &DocumentContent) -> bool {
    match content {
        DocumentContent::Upload { .. }
        | DocumentContent::Paper { .. }
        | DocumentContent::Presented => true,
        DocumentContent::LookUp { .. } | DocumentContent::Verified { .. } => false,
    }
}

//! Actions and where they lead.

use super::case::flag;
use super::root::{form, text};
use super::words::{UNIT_REFS, acts, roles};
use super::{DATA_SCHEMAS_MAX, Fields, Item, Reader};
use crate::definition::{
    Act, Action, Choice, Extension, Reservation, Role, Target, UnitRef, Verified,
};
use crate::finding::code;

/// Most branches of a choice.
pub(crate) const CHOICES_MAX: usize = 20;
/// Most rounds of a supplement.
pub(crate) const ROUNDS_MAX: u32 = 100;
/// Most steps whose holders an action excludes.
pub(crate) const NOT_BY_MAX: usize = 20;
/// Most documents that one action verifies.
pub(crate) const VERIFIES_MAX: usize = 20;
/// Most values that prove a document.
pub(crate) const PROVED_BY_MAX: usize = 50;
/// Most that an extension adds, in the unit of the limit.
pub(crate) const EXTENSION_MAX: u32 = 10_000;

/// What an action takes from its step when it does not say otherwise.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) role: Role,
    pub(super) unit: UnitRef,
}

/// Reads an action; without a context it must name its roles and unit.
pub(super) fn read(
    reader: &mut Reader<'_>,
    fields: &mut Fields<'_>,
    id: String,
    context: Option<Context>,
) -> Action {
    let name = text(reader, fields, "name");
    let act = fields.optional("act");
    let act = act.map_or(Some(Act::Advance), |item| item.word(reader, &acts()));
    if act.is_none() {
        reader.fault_silently(&fields.at("act"));
    }
    let act = act.unwrap_or(Act::Advance);
    let roles = action_roles(reader, fields, act, context);
    let unit = action_unit(reader, fields, context);
    let answer = fields.optional("answer").and_then(|item| item.id(reader));
    let target = match answer {
        // It may still say where it leads: whoever writes both is told by a check.
        Some(_) if fields.optional("to").is_none() => Some(Target::End),
        Some(_) | None => fields.required(reader, "to").and_then(|item| target(reader, item)),
    };
    let when = fields.optional("when").and_then(|item| item.guard(reader));
    let reason = flag(reader, fields, "reason");
    let number = fields.optional("form").and_then(|item| item.count(reader, 1..=7));
    let outcome = fields.optional("outcome").and_then(|item| item.id(reader));
    let rounds = fields.optional("rounds_max");
    let rounds_max = rounds.and_then(|item| item.count(reader, 1..=ROUNDS_MAX));
    let reserves = fields.optional("reserves").and_then(|item| reservation(reader, item));
    let rework = flag(reader, fields, "rework");
    let all_owners = flag(reader, fields, "all_owners");
    let not_by = fields.optional("not_by");
    let not_by = not_by.map(|item| item.ids(reader, NOT_BY_MAX)).unwrap_or_default();
    let begins = fields.optional("begins").and_then(|item| item.id(reader));
    let assesses = fields.optional("assesses").and_then(|item| item.id(reader));
    let verifies = fields.optional("verifies");
    let verifies = verifies.map(|item| self::verifies(reader, item)).unwrap_or_default();
    let extension = fields.optional("extension").and_then(|item| extension(reader, item));
    let data = fields.optional("data").and_then(|item| data(reader, &item));
    let ground = fields.optional("ground").and_then(|item| item.id(reader));
    Action {
        id,
        name,
        act,
        roles,
        unit,
        target: target.unwrap_or(Target::Stay),
        answer,
        when,
        reason,
        form: number.and_then(|number| u8::try_from(number).ok()),
        outcome,
        rounds_max,
        reserves,
        rework,
        all_owners,
        not_by,
        begins,
        assesses,
        verifies,
        extension,
        data,
        ground,
    }
}

fn action_roles(
    reader: &mut Reader<'_>,
    fields: &mut Fields<'_>,
    act: Act,
    context: Option<Context>,
) -> Vec<Role> {
    let Some(item) = fields.optional("roles") else {
        let by_system = act.is_automatic();
        let implied = if by_system { Some(Role::System) } else { context.map(|c| c.role) };
        if implied.is_none() {
            let message = "A shared action must name its roles.";
            reader.fault(code::MISSING_KEY, &fields.at("roles"), message, "Add `roles: […]`.");
        }
        return implied.into_iter().collect();
    };
    let at = item.at.clone();
    let names = super::words::roles();
    let items = item.list(reader, names.len());
    let mut found: Vec<Role> = Vec::new();
    for item in items {
        found.extend(item.word(reader, &roles()));
    }
    if found.is_empty() {
        reader.fault(code::OUT_OF_RANGE, &at, "No role is named.", "Name at least one.");
    }
    found
}

fn action_unit(
    reader: &mut Reader<'_>,
    fields: &mut Fields<'_>,
    context: Option<Context>,
) -> UnitRef {
    let Some(item) = fields.optional("unit") else {
        let implied = context.map(|context| context.unit);
        if implied.is_none() {
            let message = "A shared action must name its unit.";
            reader.fault(code::MISSING_KEY, &fields.at("unit"), message, "Add `unit:`.");
        }
        return implied.unwrap_or(UnitRef::Receiving);
    };
    item.word(reader, UNIT_REFS).unwrap_or(UnitRef::Receiving)
}

pub(super) fn target(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Target> {
    if item.is_list() {
        let at = item.at.clone();
        let items = item.list(reader, CHOICES_MAX);
        let choices: Vec<Choice> =
            items.into_iter().filter_map(|item| choice(reader, item)).collect();
        if choices.is_empty() {
            reader.fault(code::OUT_OF_RANGE, &at, "The choice is empty.", "Name a step.");
            return None;
        }
        return Some(Target::Choice(choices));
    }
    let id = item.id(reader);
    if id.is_none() {
        reader.fault_silently(&item.at);
    }
    Some(match id?.as_str() {
        "stay" => Target::Stay,
        "back" => Target::Back,
        step => Target::Step(step.to_owned()),
    })
}

/// `{when: …, to: step}` or `{else: step}`.
fn choice(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Choice> {
    let mut fields = item.fields(reader)?;
    if let Some(otherwise) = fields.optional("else") {
        let to = otherwise.id(reader);
        fields.finish(reader);
        return Some(Choice { when: None, to: to? });
    }
    let guard = fields.required(reader, "when").and_then(|item| item.guard(reader));
    if guard.is_none() {
        reader.fault_silently(&fields.item.at);
    }
    let to = fields.required(reader, "to").and_then(|item| item.id(reader));
    fields.finish(reader);
    Some(Choice { when: guard, to: to? })
}

fn extension(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Extension> {
    let mut fields = item.fields(reader)?;
    let most = fields.required(reader, "amount_max");
    let most = most.and_then(|item| item.count(reader, 1..=EXTENSION_MAX));
    fields.finish(reader);
    most.map(|amount_max| Extension { amount_max })
}

/// `{data: …, document: …, proved_by: […]}`, one for each document.
fn verifies(reader: &mut Reader<'_>, item: Item<'_>) -> Vec<Verified> {
    let items = item.list(reader, VERIFIES_MAX);
    items.into_iter().filter_map(|item| verified(reader, item)).collect()
}

fn verified(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Verified> {
    let mut fields = item.fields(reader)?;
    let data = fields.required(reader, "data").and_then(|item| item.id(reader));
    let document = fields.required(reader, "document").and_then(|item| item.id(reader));
    let proved_by = fields.required(reader, "proved_by");
    let proved_by = proved_by.map(|item| item.ids(reader, PROVED_BY_MAX));
    fields.finish(reader);
    Some(Verified { data: data?, document: document?, proved_by: proved_by? })
}

fn reservation(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Reservation> {
    let mut fields = item.fields(reader)?;
    let scope = fields.required(reader, "scope").and_then(|item| item.id(reader));
    let field = fields.required(reader, "field").and_then(|item| item.id(reader));
    fields.finish(reader);
    Some(Reservation { scope: scope?, field: field? })
}

fn data(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<crate::form::FormSchema> {
    reader.data_schemas += 1;
    if reader.data_schemas > DATA_SCHEMAS_MAX {
        let message = format!("More than {DATA_SCHEMAS_MAX} actions take data.");
        reader.fault(code::OUT_OF_RANGE, &item.at, message, "Move data to the form.");
        return None;
    }
    form(reader, item)
}

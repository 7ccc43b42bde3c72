//! Details of an act, made up so that it has a chance to be lawful.

use jiff::ToSpan;
use motcua_dossiers::command::ItemName;
use motcua_dossiers::dossier::Dossier;
use motcua_dossiers::local_date;
use motcua_procedures::{Act, HandIn};
use serde_json::{Map, Value};

use super::chance::Chance;
use super::form::Maker;
use crate::play::who::{Doing, Performer};
use crate::scenario::With;
use crate::world::World;

/// Units that are asked, consulted or told.
const OTHERS: [&str; 6] = [
    "other-commune",
    "police",
    "tax-office",
    "planning-agency",
    "fire-agency",
    "environment-agency",
];
/// Latest new date of an apology, days after the old one.
const APOLOGY_DAYS_MAX: i64 = 12;
/// Highest amount that is assessed, đồng.
const ASSESSED_MAX: i64 = 5_000_000;

/// Details for an act of the performer.
pub(crate) fn with(performer: &Performer, world: &World<'_>, chance: &mut Chance) -> With {
    let Some(dossier) = world.dossier() else { return With::default() };
    match &performer.doing {
        Doing::Act(act) => of_act(*act, performer, dossier, world, chance),
        Doing::Desk(name) => of_desk(name, dossier, world, chance),
    }
}

fn of_act(
    act: Act,
    performer: &Performer,
    dossier: &Dossier,
    world: &World<'_>,
    chance: &mut Chance,
) -> With {
    let definition = world.procedure.definition();
    let mut with = With::default();
    match act {
        Act::Advance => {
            let action = performer.action(world.procedure);
            let schema = action.and_then(|action| action.data.as_ref());
            let maker = schema.map(|schema| Maker::new(schema, local_date(world.now)));
            with.data = maker.and_then(|maker| maker.form(chance));
            if action.is_some_and(|action| action.assesses.is_some()) {
                let data = with.data.get_or_insert_with(|| Value::Object(Map::new()));
                assess(data, chance);
            }
            with.unit = chance.pick(&OTHERS).map(|unit| (*unit).to_owned());
            let count = 1 + chance.below(3);
            with.units = (0..count)
                .filter_map(|_| chance.pick(&OTHERS).map(|unit| (*unit).to_owned()))
                .collect();
            with.units.sort();
            with.units.dedup();
        }
        Act::RequestSupplement => with.items = chance.percent(50).then(|| fields(world, chance)),
        Act::Supplement => with.form = Some(answers(dossier, world, chance)),
        Act::Apologise => {
            let due = dossier.clocks.as_ref().and_then(|clocks| clocks.appointment().due_on());
            let days = chance.between(1, APOLOGY_DAYS_MAX);
            with.due_on = due.map(|due| due.saturating_add(days.days()));
        }
        Act::Extend => {
            let extension = performer.action(world.procedure).and_then(|action| action.extension);
            let most = extension.map_or(1, |extension| extension.amount_max);
            with.amount = Some(1 + chance.below(u64::from(most)));
        }
        Act::ChangeVariant => {
            with.variant = chance.pick(&definition.variants).map(|variant| variant.id.clone());
        }
        Act::Accept
        | Act::Admit
        | Act::Refuse
        | Act::Sign
        | Act::Issue
        | Act::Complete
        | Act::Deliver
        | Act::Withdraw
        | Act::DeclineWithdrawal
        | Act::Stop
        | Act::Lapse
        | Act::Proceed => {}
    }
    with
}

/// Adds the assessed amount where the form of the data does not ask for it.
fn assess(data: &mut Value, chance: &mut Chance) {
    let amount = chance.between(0, ASSESSED_MAX);
    if let Some(data) = data.as_object_mut() {
        data.entry("amount").or_insert_with(|| amount.into());
    }
}

fn of_desk(name: &str, dossier: &Dossier, world: &World<'_>, chance: &mut Chance) -> With {
    let mut with = With::default();
    match name {
        "decide_items" => {
            let present: Vec<&String> = dossier.documents.keys().collect();
            if let Some(id) = chance.pick(&present).filter(|_| chance.percent(10)) {
                with.reject.insert(ItemName::Document((*id).clone()), "không hợp lệ".into());
            }
        }
        "record_lookup" => {
            let looked_up = |id: &String| {
                world
                    .procedure
                    .document(id)
                    .is_some_and(|d| d.data_source.is_some() || d.hand_in == HandIn::LookUp)
            };
            let required = dossier.required.iter().map(|required| required.id.clone());
            let known: Vec<String> = required.filter(looked_up).collect();
            with.document = chance.pick(&known).cloned();
            with.found = Some(chance.percent(75));
        }
        "assign" | "hand_over" => with.assignee = Some((1 + chance.below(2)).to_string()),
        _ => {}
    }
    with
}

/// One field of the form, and with it whatever the core says is left out.
fn fields(world: &World<'_>, chance: &mut Chance) -> Vec<ItemName> {
    let present: Vec<&String> = world.form.as_object().into_iter().flat_map(Map::keys).collect();
    chance.pick(&present).map(|name| ItemName::Field((*name).clone())).into_iter().collect()
}

/// What the office asked for: mostly as it was, since that is valid, sometimes anew.
fn answers(dossier: &Dossier, world: &World<'_>, chance: &mut Chance) -> Map<String, Value> {
    let maker = Maker::new(&world.procedure.definition().form, local_date(world.now));
    let mut form = Map::new();
    for item in dossier.supplement.iter().flat_map(|request| &request.items) {
        let ItemName::Field(name) = item else { continue };
        let present = world.form.get(name).cloned().filter(|_| chance.percent(70));
        if let Some(value) = present.or_else(|| maker.field(name, chance)) {
            form.insert(name.clone(), value);
        }
    }
    form
}

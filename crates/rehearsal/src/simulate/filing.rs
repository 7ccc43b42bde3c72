//! Filing by chance: a form, a variant, a channel and units that are lawful together.

use motcua_dossiers::command::Command;
use motcua_dossiers::local_date;
use motcua_procedures::{Channel, Level};

use super::chance::Chance;
use super::form::Maker;
use crate::play::{Filing, file};
use crate::read::owner;
use crate::scenario::{Documents, Suite};
use crate::world::{Trouble, World};

/// Attempts to file a dossier, each a little different.
const ATTEMPTS_MAX: usize = 60;
/// New beginnings, when attempts lead nowhere.
const BEGINNINGS_MAX: usize = 5;
/// Most owners beyond the fewest.
const OWNERS_MORE_MAX: u32 = 2;

const COMMUNES: [&str; 5] = ["", "mountain-", "border-", "island-", "other-"];

/// Files a dossier; whether a lawful filing was found.
pub(crate) fn file_one(
    world: &mut World<'_>,
    suite: Option<&Suite>,
    chance: &mut Chance,
) -> Result<bool, Trouble> {
    if let Some(suite) = suite {
        return file_like(world, suite, chance);
    }
    for _ in 0..BEGINNINGS_MAX {
        let Some(filing) = made_up(world, chance) else { continue };
        if let Some(filing) = climb(filing, world, chance) {
            file(&filing, world)?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// A filing of the scenarios, sometimes with a field changed.
fn file_like(world: &mut World<'_>, suite: &Suite, chance: &mut Chance) -> Result<bool, Trouble> {
    let lawful = |scenario: &&crate::Scenario| scenario.given.demand.refused.is_none();
    let given: Vec<&crate::Scenario> = suite.scenarios.iter().filter(lawful).collect();
    let Some(scenario) = chance.pick(&given) else { return Ok(false) };
    let mut filing = Filing::of(&scenario.given, world);
    // Windows and validities count from dates of the form, so the day is the scenario's.
    world.now = scenario.given.submitted_at;
    let maker = Maker::new(&world.procedure.definition().form, local_date(world.now));
    if chance.percent(30) {
        let changed = Filing { form: maker.mutated(&filing.form, chance), ..filing.clone() };
        if faults(&changed, world) == 0 {
            filing = changed;
        }
    }
    if faults(&filing, world) > 0 {
        return Ok(false);
    }
    file(&filing, world)?;
    Ok(true)
}

fn made_up(world: &World<'_>, chance: &mut Chance) -> Option<Filing> {
    let definition = world.procedure.definition();
    let maker = Maker::new(&definition.form, local_date(world.now));
    let form = maker.form(chance)?;
    let parties = definition.parties;
    let most = parties.owners_max.min(parties.owners_min.max(1) + OWNERS_MORE_MAX);
    let owners = chance.between(i64::from(parties.owners_min.max(1)), i64::from(most));
    let owners = u32::try_from(owners).unwrap_or(1);
    let (receiving, competent) = places(definition.level, chance);
    Some(Filing {
        channel: chance.pick(&definition.channels).copied().unwrap_or(Channel::Counter),
        variant: chance.pick(&definition.variants).map(|variant| variant.id.clone()),
        receiving,
        competent,
        owners: (1..=owners).map(owner).collect(),
        proxy: (parties.proxy && chance.percent(25)).then(|| "proxy".to_owned()),
        clerk_of: None,
        form,
        documents: Documents { complete: true, ..Documents::default() },
    })
}

fn places(level: Level, chance: &mut Chance) -> (String, Option<String>) {
    let prefix = chance.pick(&COMMUNES).copied().unwrap_or_default();
    let own = match level {
        Level::Commune => (format!("{prefix}centre"), None),
        Level::Province | Level::Ministry => ("provincial-centre".to_owned(), None),
    };
    if chance.percent(70) {
        return own;
    }
    match level {
        Level::Commune => ("provincial-centre".to_owned(), Some(format!("{prefix}commune"))),
        Level::Province | Level::Ministry => {
            (format!("{prefix}centre"), Some("department".to_owned()))
        }
    }
}

/// Changes the filing until nothing is wrong with it.
fn climb(mut filing: Filing, world: &World<'_>, chance: &mut Chance) -> Option<Filing> {
    let definition = world.procedure.definition();
    let maker = Maker::new(&definition.form, local_date(world.now));
    let mut wrong = faults(&filing, world);
    for _ in 0..ATTEMPTS_MAX {
        if wrong == 0 {
            return Some(filing);
        }
        let mut tried = filing.clone();
        match chance.below(10) {
            0..=4 => {
                tried.variant = chance.pick(&definition.variants).map(|variant| variant.id.clone());
            }
            5..=8 => tried.form = maker.mutated(&tried.form, chance),
            _ => tried.proxy = None,
        }
        let left = faults(&tried, world);
        if left <= wrong {
            filing = tried;
            wrong = left;
        }
    }
    (wrong == 0).then_some(filing)
}

/// How much is wrong with a filing.
fn faults(filing: &Filing, world: &World<'_>) -> usize {
    let (actor, submit) = filing.submit(world);
    match world.probe(&actor, &Command::Submit(Box::new(submit))) {
        Ok(_) => 0,
        Err(rejection) => rejection.violations.len().max(1),
    }
}

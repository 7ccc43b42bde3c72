//! What happens to single dossiers at a desk.

mod desk;
#[path = "desks/interruptions.rs"]
mod interruptions;
#[path = "desks/limits.rs"]
mod limits;
#[path = "desks/migrations.rs"]
mod migrations;
#[path = "desks/offers.rs"]
mod offers;
#[path = "desks/papers.rs"]
mod papers;
#[path = "desks/phases.rs"]
mod phases;

use desk::{Desk, advance};
use motcua_dossiers::command::{Advance, Command};
use motcua_dossiers::event::Event;
use motcua_dossiers::rejection::Rejection;
use motcua_procedures::Role;
use serde_json::{Value, json};

/// A procedure with branches of units, branches within a branch, and a payment.
const PARALLEL: &str = include_str!("../../procedures/tests/parallel.yaml");

fn large() -> Value {
    json!({ "kind": "large", "pages": 3, "copies": 5, "event_on": "2026-12-30",
        "certificate_on": "2026-09-01", "site": true })
}

/// Two agencies are asked, and the site is inspected.
fn consulted(units: &[&str]) -> (Desk, Result<Vec<Event>, Rejection>) {
    consulted_under(PARALLEL, units)
}

fn consulted_under(source: &str, units: &[&str]) -> (Desk, Result<Vec<Event>, Rejection>) {
    let mut desk = Desk::filed(source, "2026-10-05 09:00", "large", large(), &["D1"]);
    desk.received();
    let units = units.iter().map(|unit| (*unit).to_owned()).collect();
    let ask = Advance { units, ..advance("take_over") };
    let asked = desk.by(Role::Specialist, "commune", Command::Advance(ask));
    (desk, asked)
}

//! What is in force at one moment: procedures, calendars and units.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_deadlines::Calendar;
use motcua_dossiers::local_date;
use motcua_dossiers::units::UnitRegister;
use motcua_procedures::Procedure;
use motcua_store::contract::{RegisterEntry, RegisterKind};

use crate::error::EngineError;

/// Chains whose events change what is in force.
pub(crate) const CHAINS: [&str; 3] = ["sys:calendar", "sys:procedures", "sys:units"];

/// One consistent picture of all registers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Picture {
    /// Number of the last event of each of [`CHAINS`] when it was taken.
    pub(crate) seen: [u64; CHAINS.len()],
    pub(crate) procedures: BTreeMap<String, Vec<Arc<Procedure>>>,
    pub(crate) by_digest: BTreeMap<String, Arc<Procedure>>,
    pub(crate) calendars: BTreeMap<String, Arc<Calendar>>,
    pub(crate) calendar: Option<Arc<Calendar>>,
    pub(crate) units: Option<Arc<UnitRegister>>,
    /// First day on which nothing may be filed under a procedure that was retired.
    pub(crate) retired: BTreeMap<String, Date>,
    /// Every register of units with the instant from which it was in force, oldest first.
    pub(crate) units_since: Vec<(Timestamp, Arc<UnitRegister>)>,
}

impl Picture {
    /// The version under which it may be filed on `day`: the one in effect, unless the procedure
    /// was retired by then.
    pub(crate) fn open_for_filing(
        &self,
        code: &str,
        day: Date,
    ) -> Result<&Arc<Procedure>, EngineError> {
        match self.retired_by(code, day) {
            Some(from) => Err(EngineError::Retired { code: code.to_owned(), from }),
            None => self.in_effect(code, day).ok_or(EngineError::NotFound { what: "procedure" }),
        }
    }

    /// The versions under which it may be filed on `day`, by code.
    pub(crate) fn open(&self, day: Date) -> Vec<Arc<Procedure>> {
        let codes = self.procedures.keys();
        codes.filter_map(|code| self.open_for_filing(code, day).ok().cloned()).collect()
    }

    /// The day from which nothing may be filed under the procedure, if that is `day` or before.
    pub(crate) fn retired_by(&self, code: &str, day: Date) -> Option<Date> {
        self.retired.get(code).copied().filter(|from| *from <= day)
    }

    /// The version in effect on `day`, which open dossiers go by: the latest to have taken effect,
    /// retired or not.
    fn in_effect(&self, code: &str, day: Date) -> Option<&Arc<Procedure>> {
        let versions = self.procedures.get(code)?;
        let begun = versions.iter().filter(|p| p.definition().effective_from <= day);
        begun.max_by_key(|p| p.definition().effective_from)
    }

    /// The version of the same procedure that has taken effect by now, if it did so after this one.
    pub(crate) fn newer(&self, procedure: &Procedure, now: Timestamp) -> Option<&Procedure> {
        let found = self.in_effect(&procedure.reference().code, local_date(now))?;
        let since = |procedure: &Procedure| procedure.definition().effective_from;
        Some(found.as_ref()).filter(|found| since(found) > since(procedure))
    }

    /// The units in force at an instant.
    pub(crate) fn units_at(&self, at: Timestamp) -> Arc<UnitRegister> {
        let earlier = self.units_since.iter().rfind(|(since, _)| *since <= at);
        // What happened before the first register was loaded knew none.
        earlier.map_or_else(|| Arc::new(UnitRegister::empty()), |(_, units)| Arc::clone(units))
    }

    /// The calendar of that digest, in force or not.
    pub(crate) fn calendar_of(&self, digest: &str) -> Option<&Arc<Calendar>> {
        self.calendars.get(digest)
    }

    /// The procedure file of that digest.
    pub(crate) fn pinned(&self, digest: &str) -> Option<&Arc<Procedure>> {
        self.by_digest.get(digest)
    }

    /// Adds an entry; what `known` has of it is not read again.
    pub(crate) fn add(&mut self, entry: &RegisterEntry, known: &Self) -> Result<(), EngineError> {
        let corrupt = |why: &str| {
            EngineError::Corrupt(format!("register entry {} {}: {why}", entry.code, entry.version))
        };
        match entry.kind {
            RegisterKind::Procedure => {
                let procedure = match known.by_digest.get(&entry.digest) {
                    Some(procedure) => Arc::clone(procedure),
                    None => Arc::new(
                        motcua_procedures::parse(&entry.bytes)
                            .map_err(|_| corrupt("no longer a sound procedure"))?,
                    ),
                };
                self.by_digest.insert(entry.digest.clone(), Arc::clone(&procedure));
                self.procedures.entry(entry.code.clone()).or_default().push(procedure);
            }
            RegisterKind::Calendar => {
                let calendar = Calendar::from_json(&entry.bytes)
                    .map_err(|_| corrupt("no longer a valid calendar"))?;
                let calendar = Arc::new(calendar);
                self.calendars.insert(entry.digest.clone(), Arc::clone(&calendar));
                self.calendar = Some(calendar);
            }
            RegisterKind::Units => {
                let mut known = known.units_since.iter().map(|(_, units)| units);
                let units = match known.find(|units| units.digest() == entry.digest) {
                    Some(units) => Arc::clone(units),
                    None => Arc::new(
                        UnitRegister::from_json(&entry.bytes, entry.digest.clone())
                            .map_err(|_| corrupt("no longer a valid unit register"))?,
                    ),
                };
                self.units_since.push((entry.recorded_at, Arc::clone(&units)));
                self.units = Some(units);
            }
        }
        Ok(())
    }
}

//! What is read: dossiers, their events, worklists, searches.

use jiff::Timestamp;
use motcua_audit::ChainId;
use motcua_dossiers::dossier::{Dossier, WorkItem};
use uuid::Uuid;

use super::{Inner, Row};
use crate::contract::{
    DossierKey, Loaded, ReceptionQuery, Scope, SearchQuery, StoredEvent, WorklistKey, WorklistPage,
    WorklistQuery, WorklistRow,
};
use crate::worklist::Appointment;

impl Inner {
    pub(super) fn load(&self, key: &DossierKey) -> Option<Loaded> {
        self.dossiers.values().find(|row| row.answers_to(key)).map(|row| row.loaded.clone())
    }

    pub(super) fn events(&self, chain: &ChainId, after: u64, limit: u32) -> Vec<StoredEvent> {
        let events = self.chains.get(chain.as_str()).into_iter().flatten();
        events.filter(|event| event.seq > after).take(limit as usize).cloned().collect()
    }

    pub(super) fn worklist(&self, query: &WorklistQuery) -> WorklistPage {
        let dossiers = self.dossiers.values().map(|row| &row.loaded.dossier);
        let mut rows: Vec<_> = dossiers
            .filter(|dossier| {
                query.procedure.as_ref().is_none_or(|code| dossier.procedure.code == *code)
            })
            .flat_map(|dossier| dossier.items.values().map(move |item| (dossier, item)))
            .filter(|(dossier, item)| {
                query.queue.shows(&query.desk, dossier, item, query.now, query.today)
            })
            .map(|(dossier, item)| row(dossier, item, query.now))
            .collect();
        let total = rows.len() as u64;
        rows.sort_by(|left, right| left.key.cmp(&right.key));
        rows.retain(|row| query.after.as_ref().is_none_or(|after| row.key > *after));
        rows.truncate(query.limit as usize);
        WorklistPage { rows, total }
    }

    pub(super) fn search(&self, query: &SearchQuery) -> Vec<Loaded> {
        if query.terms.is_empty() && !matches!(query.scope, Scope::Party(_)) {
            return Vec::new();
        }
        let fits = |row: &&Row| {
            let dossier = &row.loaded.dossier;
            query.after.is_none_or(|after| dossier.id < after)
                && in_scope(dossier, &query.scope)
                && query.terms.iter().all(|term| row.search.contains(term))
        };
        let newest_first = self.dossiers.values().rev().filter(fits);
        newest_first.take(query.limit as usize).map(|row| row.loaded.clone()).collect()
    }

    pub(super) fn received(&self, query: &ReceptionQuery) -> Vec<Dossier> {
        let dossiers = self.dossiers.values().map(|row| &row.loaded.dossier);
        let mut received: Vec<_> =
            dossiers.filter_map(|dossier| Some((query.place_of(dossier)?, dossier))).collect();
        received.sort_by_key(|(place, _)| *place);
        let page = received.into_iter().take(query.limit as usize);
        page.map(|(_, dossier)| Dossier::clone(dossier)).collect()
    }

    pub(super) fn versions(&self, dossiers: &[Uuid]) -> Vec<(Uuid, u64)> {
        let version = |id| Some((id, self.dossiers.get(&id)?.loaded.dossier.version));
        dossiers.iter().copied().filter_map(version).collect()
    }

    pub(super) fn dossiers_of(&self, digest: &str, after: Option<Uuid>, limit: u32) -> Vec<Uuid> {
        let dossiers = self.dossiers.iter().filter(|(id, row)| {
            let dossier = &row.loaded.dossier;
            let open = dossier.procedure.digest == digest && !dossier.closed;
            open && after.is_none_or(|after| **id > after)
        });
        dossiers.map(|(id, _)| *id).take(limit as usize).collect()
    }
}

fn row(dossier: &Dossier, item: &WorkItem, now: Timestamp) -> WorklistRow {
    let appointment = Appointment::of(dossier);
    let key =
        WorklistKey { sort_at_us: appointment.sort_at_us, dossier: dossier.id, item: item.id };
    WorklistRow {
        key,
        code: dossier.code.clone(),
        procedure: dossier.procedure.code.clone(),
        status: dossier.status,
        item: item.clone(),
        due_on: appointment.due_on,
        due_at: appointment.due_at,
        late: appointment.is_late(now),
        version: dossier.version,
    }
}

fn in_scope(dossier: &Dossier, scope: &Scope) -> bool {
    let filing = &dossier.filing;
    match scope {
        Scope::All => true,
        Scope::Party(person) => filing.is_party(person),
        Scope::Unit(unit) => {
            filing.assisting_unit.as_ref() == Some(unit)
                || filing.receiving_unit == *unit
                || filing.competent_unit == *unit
                || dossier.items.values().any(|item| item.unit == *unit)
        }
    }
}

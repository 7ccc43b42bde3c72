//! Claims of due timers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::Inner;
use crate::contract::{Claim, ParkedTimer, PutOff};

impl Inner {
    pub(super) fn claim_timers(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        after: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Vec<Claim> {
        let Self { timers, claims, .. } = self;
        claims.retain(|key, claim| timers.get(key) == Some(&claim.due_at));
        let mut first: BTreeMap<Uuid, (Timestamp, &String)> = BTreeMap::new();
        for ((dossier, name), due_at) in timers.iter().filter(|(_, due_at)| **due_at <= now) {
            let timer = first.entry(*dossier).or_insert((*due_at, name));
            *timer = (*timer).min((*due_at, name));
        }
        let mut due: Vec<_> = first.into_iter().map(|(id, (at, name))| (at, id, name)).collect();
        due.sort();
        let mut claimed = Vec::new();
        for (due_at, dossier, name) in due {
            let key = (dossier, name.clone());
            let before = claims.get(&key);
            let is_free = before.is_none_or(|claim| claim.until <= now);
            let is_behind = after.is_none_or(|after| (due_at, dossier) > after);
            if claimed.len() < limit as usize && is_free && is_behind {
                let attempts = before.map_or(0, |claim| claim.attempts) + 1;
                let claim = Claim { dossier, timer: name.clone(), due_at, until, attempts };
                claims.insert(key, claim.clone());
                claimed.push(claim);
            }
        }
        claimed
    }

    pub(super) fn put_off_timers(&mut self, claims: Vec<PutOff>) {
        for PutOff { claim, until, attempts, failure } in claims {
            let key = (claim.dossier, claim.timer.clone());
            if let Some(present) = self.claims.get_mut(&key)
                && *present == claim
            {
                (present.until, present.attempts) = (until, attempts);
                match failure {
                    Some(failure) => self.failures.insert(key, failure),
                    None => self.failures.remove(&key),
                };
            }
        }
    }

    pub(super) fn parked_timers(
        &self,
        attempts_min: u32,
        after: Option<(Timestamp, Uuid, String)>,
        limit: u32,
    ) -> Vec<ParkedTimer> {
        let is_current = |key, claim: &Claim| self.timers.get(key) == Some(&claim.due_at);
        let mut parked: Vec<_> = self
            .claims
            .iter()
            .filter(|(key, claim)| is_current(*key, claim) && claim.attempts >= attempts_min)
            .filter_map(|(key, claim)| {
                Some(ParkedTimer {
                    dossier: claim.dossier,
                    code: self.dossiers.get(&claim.dossier)?.loaded.dossier.code.clone(),
                    timer: claim.timer.clone(),
                    due_at: claim.due_at,
                    attempts: claim.attempts,
                    failure: self.failures.get(key)?.clone(),
                    retry_at: claim.until,
                })
            })
            .collect();
        let place = |timer: &ParkedTimer| (timer.due_at, timer.dossier, timer.timer.clone());
        parked.retain(|timer| after.as_ref().is_none_or(|after| place(timer) > *after));
        parked.sort_by_key(place);
        parked.truncate(limit as usize);
        parked
    }
}

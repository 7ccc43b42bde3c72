//! Commits: every check first, then everything is written.

use std::collections::BTreeSet;

use motcua_audit::{FieldSlot, SealedEvent};

use super::{Inner, Row};
use crate::contract::{
    Commit, DossierCommit, DossierKey, Loaded, RegisterCommit, StoredEvent, dossier_chain,
};
use crate::error::StoreError;
use crate::named::scope_of;

impl Inner {
    pub(super) fn apply(&mut self, commit: Commit) -> Result<(), StoreError> {
        match commit {
            Commit::Dossier(commit) => {
                self.check_dossier(&commit)?;
                self.write_dossier(*commit);
            }
            Commit::Register(commit) => {
                self.check_register(&commit)?;
                self.write_register(*commit);
            }
        }
        Ok(())
    }

    fn check_dossier(&self, commit: &DossierCommit) -> Result<(), StoreError> {
        let id = commit.dossier.id;
        let actual = self.dossiers.get(&id).map_or(0, |row| row.loaded.dossier.version);
        if actual != commit.expected {
            let chain = dossier_chain(id).as_str().to_owned();
            return Err(StoreError::Stale { chain, expected: commit.expected, actual });
        }
        let known = |(command, _): &_| self.commands.contains_key(&(id, *command));
        if commit.commands.iter().any(known) {
            return Err(StoreError::Taken { what: "command id" });
        }
        let code = commit.dossier.code.clone().map(DossierKey::Code);
        let external = commit.dossier.filing.external.clone();
        let external = external.map(|e| DossierKey::External(e.source, e.id));
        for (what, key) in [("dossier code", code), ("external reference", external)] {
            let Some(key) = key else { continue };
            if self.dossiers.iter().any(|(other, row)| *other != id && row.answers_to(&key)) {
                return Err(StoreError::Taken { what });
            }
        }
        let holder = |name: &str| self.reservations.get(name).map(|(holder, _)| *holder);
        if commit.held().iter().any(|name| holder(name).is_some_and(|holder| holder != id)) {
            return Err(StoreError::Taken { what: "name" });
        }
        Ok(())
    }

    fn write_dossier(&mut self, commit: DossierCommit) {
        let id = commit.dossier.id;
        self.settle_names(&commit);
        self.file_documents(&commit);
        self.append(dossier_chain(id).as_str(), commit.events);
        self.commands.extend(commit.commands.iter().map(|(command, seq)| ((id, *command), *seq)));
        for (name, due_at) in commit.timers {
            match due_at {
                Some(due_at) => self.timers.insert((id, name), due_at),
                None => self.timers.remove(&(id, name)),
            };
        }
        if commit.expected == 0 {
            self.drafts.remove(&id);
        }
        let fresh = || Row {
            loaded: Loaded {
                dossier: commit.dossier.clone(),
                head: commit.head.clone(),
                form: std::sync::Arc::new(serde_json::Value::Null),
            },
            search: BTreeSet::new(),
            tracking: BTreeSet::new(),
        };
        let row = self.dossiers.entry(id).or_insert_with(fresh);
        row.loaded.dossier = commit.dossier;
        row.loaded.head = commit.head;
        if let Some(form) = commit.form {
            row.loaded.form = form;
        }
        if !commit.search.is_empty() {
            row.search = commit.search.into_iter().collect();
        }
        if !commit.tracking.is_empty() {
            row.tracking = commit.tracking.into_iter().collect();
        }
    }

    fn file_documents(&mut self, commit: &DossierCommit) {
        for sha256 in commit.documents() {
            let uploads = self.uploads.values();
            let same = uploads.filter(|upload| upload.sha256.as_deref() == Some(sha256));
            self.filed.extend(same.map(|upload| upload.id));
            self.documents.insert(sha256.to_owned());
        }
    }

    fn settle_names(&mut self, commit: &DossierCommit) {
        let id = commit.dossier.id;
        let (held, scopes) = (commit.held(), commit.scopes());
        let ends = |name: &String| {
            let is_replaced = scopes.contains(scope_of(name)) && !held.contains(name.as_str());
            commit.released.contains(name) || is_replaced
        };
        self.reservations.retain(|name, (holder, _)| *holder != id || !ends(name));
        for name in held {
            self.reservations.insert(name.to_owned(), (id, None));
        }
    }

    fn check_register(&self, commit: &RegisterCommit) -> Result<(), StoreError> {
        let chain = commit.chain.as_str();
        let actual = self.heads.get(chain).map_or(0, |head| head.seq);
        if actual != commit.expected {
            let (chain, expected) = (chain.to_owned(), commit.expected);
            return Err(StoreError::Stale { chain, expected, actual });
        }
        let entries = &commit.entries;
        let clashes = entries.iter().enumerate().any(|(place, new)| {
            let others = self.registers.iter().chain(&entries[..place]);
            others.into_iter().any(|old| {
                (old.kind, &old.code, &old.version) == (new.kind, &new.code, &new.version)
            })
        });
        if clashes { Err(StoreError::Taken { what: "register version" }) } else { Ok(()) }
    }

    fn write_register(&mut self, commit: RegisterCommit) {
        let chain = commit.chain.as_str();
        self.append(chain, commit.events);
        self.heads.insert(chain.to_owned(), commit.head);
        self.registers.extend(commit.entries);
    }

    fn append(&mut self, chain: &str, events: Vec<SealedEvent>) {
        let stored = events.into_iter().map(|event| StoredEvent {
            seq: event.seq,
            header: event.header,
            hash: event.hash,
            slots: event.fields.into_iter().map(FieldSlot::Opened).collect(),
            commitments: event.commitments,
        });
        self.chains.entry(chain.to_owned()).or_default().extend(stored);
    }
}

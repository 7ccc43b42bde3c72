//! What a dossier's commit holds and names: the rules that every store applies alike.

use std::collections::BTreeSet;

use motcua_audit::cj;

use crate::contract::DossierCommit;

impl DossierCommit {
    /// Names that the dossier holds from this commit on, without an end: those of its state while
    /// it is being processed, and those confirmed with its result, but none released with it.
    pub fn held(&self) -> BTreeSet<&str> {
        self.present().chain(&self.confirmed).map(String::as_str).collect()
    }

    /// Scopes (what a name has before its first `/`) of the names in the dossier's state while it
    /// is being processed: other names of these scopes gave way.
    pub fn scopes(&self) -> BTreeSet<&str> {
        self.present().map(|name| scope_of(name)).collect()
    }

    /// Digests of the files that the events name: every text under a key `sha256` in their fields.
    pub fn documents(&self) -> BTreeSet<&str> {
        let fields = self.events.iter().flat_map(|event| &event.fields);
        let mut found = BTreeSet::new();
        let mut rest: Vec<&cj::Value> = fields.map(|field| &field.value).collect();
        while let Some(value) = rest.pop() {
            match value {
                cj::Value::Object(members) => {
                    if let Some(cj::Value::String(digest)) = members.get("sha256") {
                        found.insert(digest.as_str());
                    }
                    rest.extend(members.values());
                }
                cj::Value::Array(members) => rest.extend(members),
                cj::Value::Null | cj::Value::Bool(_) | cj::Value::Int(_) | cj::Value::String(_) => {
                }
            }
        }
        found
    }

    fn present(&self) -> impl Iterator<Item = &String> {
        let under_way = self.dossier.completed_at.is_none() && !self.dossier.closed;
        let names = self.dossier.reservations.iter().filter(move |_| under_way);
        names.filter(|name| !self.released.contains(name))
    }
}

/// What a reserved name has before its first `/`.
pub(crate) fn scope_of(name: &str) -> &str {
    name.split_once('/').map_or(name, |(scope, _)| scope)
}

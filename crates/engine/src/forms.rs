//! Forms 01 to 05: from the event that causes them; a reprint is the same data, marked (F1).

use motcua_audit::{Header, NewEvent, cj};
use motcua_dossiers::codec::{decode, fold, timestamp};
use motcua_dossiers::dossier::Dossier;
use motcua_dossiers::event::Facts;
use motcua_dossiers::forms::{FormSource, TEMPLATE, form, serial};
use motcua_dossiers::policy::Sight;
use motcua_store::contract::{Documents, DossierKey, Store, StoredEvent};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::error::EngineError;
use crate::execute::pinned;
use crate::query::access_chain;
use crate::registers::{canonical, sha256_hex};
use crate::segment::dossier_chain;
use crate::{Caller, Engine, limits};

/// The data of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct FormData {
    /// Number of the form, 1 to 5.
    pub number: u8,
    /// Event that caused it.
    pub seq: u64,
    /// Serial number.
    pub serial: String,
    /// Version of the layout.
    pub template: String,
    /// SHA-256 of the data, lower-case hex.
    pub sha256: String,
    /// It was issued before.
    pub reprint: bool,
    /// The data.
    pub json: Value,
}

/// The event that caused a form, and the states around it.
struct Cause {
    before: Option<Dossier>,
    after: Dossier,
    header: Header,
    facts: Facts,
    personal: Map<String, Value>,
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// The form that an event caused; without `seq` the latest of its number. Issuing it is
    /// recorded in the dossier's access chain. A reprint shows the units as they stood at the event.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the dossier has no such form.
    pub async fn form(
        &self,
        caller: &Caller,
        key: &DossierKey,
        number: u8,
        seq: Option<u64>,
    ) -> Result<FormData, EngineError> {
        let (loaded, sight) = self.visible(caller, key).await?;
        if sight == Sight::Masked {
            let needed = "a role that opens personal values".into();
            return Err(EngineError::PermissionDenied { needed });
        }
        let id = loaded.dossier.id;
        let cause = self.cause(id, number, seq).await?;
        let cause = cause.ok_or(EngineError::NotFound { what: "form" })?;
        let persons = self.persons(id).await?;
        let picture = self.0.registers.now();
        let procedure = pinned(&picture, &cause.after.procedure.digest)?;
        let at = timestamp(cause.header.at);
        let units = picture.units_at(at);
        let source = FormSource {
            dossier: &cause.after,
            before: cause.before.as_ref(),
            seq: cause.header.seq,
            at,
            facts: &cause.facts,
            personal: &cause.personal,
            persons: &persons,
            procedure: &procedure,
            units: &units,
        };
        let json = form(&source, number).ok_or(EngineError::NotFound { what: "form" })?;
        let sha256 = sha256_hex(json.to_string().as_bytes());
        let first = self.0.store.first_print(id, number, cause.header.seq, &sha256, self.now());
        let reprint = !first.await?;
        self.record_print(caller, id, number, cause.header.seq).await?;
        Ok(FormData {
            number,
            seq: cause.header.seq,
            serial: serial(&source, number),
            template: TEMPLATE.into(),
            sha256,
            reprint,
            json,
        })
    }

    async fn cause(
        &self,
        id: Uuid,
        number: u8,
        seq: Option<u64>,
    ) -> Result<Option<Cause>, EngineError> {
        let chain = dossier_chain(id);
        let mut dossier: Option<Dossier> = None;
        let mut cause = None;
        let mut after = 0;
        loop {
            let page = self.0.store.events(&chain, after, limits::HISTORY_PAGE_MAX).await?;
            let Some(last) = page.last() else {
                return Ok(cause);
            };
            after = last.seq;
            for event in &page {
                let (header, facts) = read(event)?;
                let before = dossier.take();
                let folded = fold(before.clone(), id, &header, event.opened())
                    .map_err(|error| EngineError::Corrupt(error.to_string()))?;
                dossier = Some(folded.clone());
                if facts.form == Some(number) && seq.is_none_or(|seq| seq == event.seq) {
                    let personal = personal(event);
                    cause = Some(Cause { before, after: folded, header, facts, personal });
                }
            }
        }
    }

    /// Records that a form was issued.
    async fn record_print(
        &self,
        caller: &Caller,
        id: Uuid,
        number: u8,
        seq: u64,
    ) -> Result<(), EngineError> {
        let chain = access_chain(id);
        let printed = canonical(&json!({ "number": number, "seq": seq }))?;
        let fields = vec![
            ("actor".to_owned(), canonical(&caller.as_actor_json())?),
            ("form".to_owned(), printed),
        ];
        let event = NewEvent { kind: "print".into(), to: None, def: None, fields };
        self.append(&chain, event, Vec::new()).await
    }
}

fn read(event: &StoredEvent) -> Result<(Header, Facts), EngineError> {
    let corrupt = |error: String| EngineError::Corrupt(error);
    let header = Header::decode(&event.header).map_err(|e| corrupt(e.to_string()))?;
    let facts = decode(event.seq, event.opened()).map_err(|e| corrupt(e.to_string()))?;
    Ok((header, facts))
}

fn personal(event: &StoredEvent) -> Map<String, Value> {
    let fields = event.opened().filter(|f| !motcua_dossiers::codec::is_fold_field(&f.name));
    fields.map(|field| (field.name.clone(), cj::to_json(&field.value))).collect()
}

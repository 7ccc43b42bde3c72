//! Forms 01 to 05 from the event that causes them, form 06 from the history up to an event; a
//! reprint is the same data, marked (F1, F2).

use motcua_audit::{Hash, Header, NewEvent, cj, evidence};
use motcua_dossiers::codec::{decode, fold, timestamp};
use motcua_dossiers::dossier::Dossier;
use motcua_dossiers::event::Facts;
use motcua_dossiers::forms::{
    CONTROL_SLIP, FormSource, TEMPLATE, Trail, control_slip, form, serial,
};
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
    /// Number of the form, 1 to 6.
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
    /// Evidence line of the event.
    pub evidence: String,
}

/// The event that caused a form, and the states around it.
struct Cause {
    before: Option<Dossier>,
    after: Dossier,
    header: Header,
    facts: Facts,
    personal: Map<String, Value>,
    hash: Hash,
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// The form that an event caused; without `seq` the latest of its number. The control slip
    /// shows the history up to any event. Issuing a form is recorded in the dossier's access chain.
    /// A reprint shows the units as they stood at the event.
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
        let (cause, trail) = cause.ok_or(EngineError::NotFound { what: "form" })?;
        let persons = self.persons(id).await?;
        let picture = self.picture_with(&cause.after.procedure.digest).await?;
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
        let json = match number {
            CONTROL_SLIP => Some(control_slip(&source, &trail)),
            _ => form(&source, number),
        };
        let json = json.ok_or(EngineError::NotFound { what: "form" })?;
        let sha256 = sha256_hex(json.to_string().as_bytes());
        let first = self.0.store.first_print(id, number, cause.header.seq, &sha256, self.now());
        let reprint = !first.await?;
        self.record_print(caller, id, number, cause.header.seq).await?;
        Ok(FormData {
            number,
            seq: cause.header.seq,
            serial: serial(&source, number),
            template: TEMPLATE.into(),
            evidence: evidence(&dossier_chain(id), cause.header.seq, &cause.hash),
            sha256,
            reprint,
            json,
        })
    }

    /// The event, and the hand-overs up to it.
    async fn cause(
        &self,
        id: Uuid,
        number: u8,
        seq: Option<u64>,
    ) -> Result<Option<(Cause, Trail)>, EngineError> {
        let chain = dossier_chain(id);
        let mut dossier: Option<Dossier> = None;
        let mut cause = None;
        let mut trail = Trail::default();
        let mut after = 0;
        loop {
            let page = self.0.store.events(&chain, after, limits::HISTORY_PAGE_MAX).await?;
            let Some(last) = page.last() else {
                return Ok(cause.map(|cause| (cause, trail)));
            };
            after = last.seq;
            for event in &page {
                let (header, facts) = read(event)?;
                let before = dossier.take();
                let folded = fold(before.clone(), id, &header, event.opened())
                    .map_err(|error| EngineError::Corrupt(error.to_string()))?;
                dossier = Some(folded.clone());
                let at = timestamp(header.at);
                trail.record(before.as_ref(), &folded, &header.kind, at, &facts);
                let causes = number == CONTROL_SLIP || facts.form == Some(number);
                if causes && seq.is_none_or(|seq| seq == event.seq) {
                    let (personal, hash) = (personal(event), event.hash);
                    cause = Some(Cause { before, after: folded, header, facts, personal, hash });
                }
                if seq == Some(event.seq) {
                    return Ok(cause.map(|cause| (cause, trail)));
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
        let printed = canonical(json!({ "number": number, "seq": seq }))?;
        let fields = vec![
            ("actor".to_owned(), canonical(caller.as_actor_json())?),
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

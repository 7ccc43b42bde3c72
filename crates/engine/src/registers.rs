//! Procedures, calendars and units: published as data, immutable, kept in memory.

use std::sync::{Arc, RwLock};

use jiff::civil::Date;
use motcua_audit::{ChainId, Header, NewEvent, cj};
use motcua_deadlines::Calendar;
use motcua_dossiers::local_date;
use motcua_dossiers::units::{RegisterFault, UnitRegister};
use motcua_procedures::{Definition, Finding, Procedure, ProcedureRef, Role, Severity};
use motcua_store::contract::{Documents, RegisterEntry, RegisterKind, Store, StoredEvent};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use crate::error::EngineError;
use crate::offices::LoadedUnits;
use crate::picture::{CHAINS, Picture};
use crate::{APPEND_RETRIES_MAX, Caller, Engine, limits};

/// Kind of the event that takes a procedure out of use.
const RETIRE: &str = "procedure.retire";

/// What is in force, as one consistent picture. Another node may record something too: the picture
/// is taken anew when a chain has gone on since.
#[derive(Debug, Default)]
pub(crate) struct Registers {
    inner: RwLock<Arc<Picture>>,
    /// One act of this node at a time.
    turn: Mutex<()>,
    /// Pictures follow each other in the order in which they were taken.
    taking: Mutex<()>,
}

impl Registers {
    /// The present picture.
    pub(crate) fn now(&self) -> Arc<Picture> {
        Arc::clone(&self.inner.read().expect("no writer panics while it holds the lock"))
    }

    fn replace(&self, picture: Picture) {
        let mut inner = self.inner.write().expect("no writer panics while it holds the lock");
        *inner = Arc::new(picture);
    }
}

/// A published procedure and what the checker had to say.
#[derive(Debug)]
pub struct Published {
    /// The pin.
    pub reference: ProcedureRef,
    /// Warnings.
    pub findings: Vec<Finding>,
}

/// A register entry that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterRef {
    /// Procedure code, `calendar` or `units`.
    pub code: String,
    /// Version; the number of the load for calendars and units.
    pub version: String,
    /// SHA-256 of the bytes, lower-case hex.
    pub digest: String,
    /// When it was recorded.
    pub recorded_at: jiff::Timestamp,
}

impl RegisterRef {
    fn of(entry: &RegisterEntry) -> Self {
        Self {
            code: entry.code.clone(),
            version: entry.version.clone(),
            digest: entry.digest.clone(),
            recorded_at: entry.recorded_at,
        }
    }
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// Takes the picture anew if a chain has gone on since, by this node or another.
    pub(crate) async fn refresh_registers(&self) -> Result<(), EngineError> {
        let _taking = self.0.registers.taking.lock().await;
        // Read before what it counts: what is recorded meanwhile is seen by the next look.
        let mut seen = [0; CHAINS.len()];
        for (seen, chain) in seen.iter_mut().zip(CHAINS) {
            *seen =
                self.0.store.chain_head(&system_chain(chain)?).await?.map_or(0, |head| head.seq);
        }
        let known = self.0.registers.now();
        if known.seen == seen {
            return Ok(());
        }
        let mut picture = Picture { seen, ..Picture::default() };
        for kind in [RegisterKind::Calendar, RegisterKind::Units, RegisterKind::Procedure] {
            for entry in self.0.store.register(kind).await? {
                picture.add(&entry, &known)?;
            }
        }
        self.read_retired(&mut picture).await?;
        self.0.registers.replace(picture);
        Ok(())
    }

    /// A picture that has the procedure file of a dossier: another node may have published it just
    /// now.
    pub(crate) async fn picture_with(&self, digest: &str) -> Result<Arc<Picture>, EngineError> {
        let picture = self.0.registers.now();
        if picture.pinned(digest).is_some() {
            return Ok(picture);
        }
        self.refresh_registers().await?;
        Ok(self.0.registers.now())
    }

    /// Publishes a procedure: immutable from now on, recorded in the chain `sys:procedures`.
    /// Publishing the same bytes again changes nothing.
    ///
    /// # Errors
    /// The findings if it is not sound, or if the offices of the register of units do not have the
    /// people for it; [`EngineError::AlreadyExists`] if the version was
    /// published with other content.
    pub async fn publish_procedure(
        &self,
        caller: &Caller,
        source: Vec<u8>,
        ground: Option<String>,
    ) -> Result<Published, EngineError> {
        caller.must_be(Role::Administrator)?;
        let checked = source.clone();
        // The largest definitions take a while: other calls go on meanwhile.
        let checking = tokio::task::spawn_blocking(move || motcua_procedures::check(&checked));
        let report = checking
            .await
            .map_err(|error| EngineError::Internal(format!("the check ended: {error}")))?;
        let Some(procedure) = report.procedure.filter(|_| report.sound) else {
            return Err(EngineError::Procedure(report.findings));
        };
        let procedure = Arc::new(procedure);
        let reference = procedure.reference().clone();
        let _turn = self.0.registers.turn.lock().await;
        for _ in 0..APPEND_RETRIES_MAX {
            self.refresh_registers().await?;
            let mut published =
                Published { reference: reference.clone(), findings: report.findings.clone() };
            if self.0.registers.now().pinned(&reference.digest).is_some()
                || self.publish(caller, &procedure, &mut published, (&source, &ground)).await?
            {
                return Ok(published);
            }
        }
        Err(EngineError::Overloaded)
    }

    /// Publishes a sound procedure unless another node recorded something since the picture was
    /// taken; answers whether it did.
    async fn publish(
        &self,
        caller: &Caller,
        procedure: &Arc<Procedure>,
        published: &mut Published,
        (source, ground): (&[u8], &Option<String>),
    ) -> Result<bool, EngineError> {
        let reference = procedure.reference();
        let picture = self.0.registers.now();
        self.check_not_retired(&reference.code)?;
        self.check_effective(procedure.definition())?;
        let today = local_date(self.now());
        for missing in self.understaffed(vec![Arc::clone(procedure)], today).await? {
            published.findings.extend(missing.findings);
        }
        if published.findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(EngineError::Procedure(std::mem::take(&mut published.findings)));
        }
        let entry = RegisterEntry {
            kind: RegisterKind::Procedure,
            code: reference.code.clone(),
            version: reference.version.clone(),
            digest: reference.digest.clone(),
            effective_from: procedure.definition().effective_from,
            recorded_at: self.now(),
            recorded_by: caller.id.clone(),
            bytes: source.to_vec(),
        };
        let what = (entry, ground.clone());
        self.record_entry(&picture, "sys:procedures", "procedure.publish", caller, what).await
    }

    /// Nothing could be filed under a version of a retired procedure.
    fn check_not_retired(&self, code: &str) -> Result<(), EngineError> {
        let Some(from) = self.0.registers.now().retired.get(code).copied() else { return Ok(()) };
        let today = local_date(self.now());
        if from > today {
            let (vi, en) = (
                format!("Thủ tục {code} sẽ bị bãi bỏ từ {from}; hãy dời ngày bãi bỏ trước."),
                format!(
                    "{code} is to be retired on {from}: first put the retirement off, by retiring \
                     it on another day."
                ),
            );
            return Err(crate::error::invalid("procedure", "RETIRED", &vi, &en));
        }
        let vi = format!("Thủ tục {code} đã bị bãi bỏ từ {from}; hãy công bố dưới mã khác.");
        let en = format!("{code} was retired on {from}: publish under another code.");
        Err(crate::error::invalid("procedure", "RETIRED", &vi, &en))
    }

    /// A version has a higher number than every one that was published before it, takes effect
    /// after them, and not in the past: which version a dossier was filed under never changes
    /// afterwards, and numbers follow the order in which versions count.
    fn check_effective(&self, definition: &Definition) -> Result<(), EngineError> {
        let picture = self.0.registers.now();
        let known = picture.procedures.get(&definition.code).into_iter().flatten();
        // The same version with other content is refused as such.
        let taken = known.clone().any(|known| known.reference().version == definition.version);
        let last = known.clone().map(|version| version.definition().effective_from).max();
        let Some(last) = last.filter(|_| !taken) else { return Ok(()) };
        check_above(&definition.version, known.map(|known| known.reference().version.as_str()))?;
        let (from, today) = (definition.effective_from, local_date(self.now()));
        let earliest = last.tomorrow().unwrap_or(last).max(today);
        if from >= earliest {
            return Ok(());
        }
        Err(crate::error::invalid(
            "effective_from",
            "EFFECTIVE_DATES_OVERLAP",
            &format!("Ngày có hiệu lực {from} phải từ {earliest} trở đi."),
            &format!(
                "{from} overlaps with an earlier version or lies in the past: take effect on \
                 {earliest} or later."
            ),
        ))
    }

    /// Takes a procedure out of use from a day on: nothing is filed under it any more, whichever
    /// version; open dossiers go on. Recorded in the chain `sys:procedures`. Until that day it may
    /// be called again with another.
    ///
    /// # Errors
    /// [`EngineError::NotFound`]; a day in the past; retired already.
    pub async fn retire_procedure(
        &self,
        caller: &Caller,
        code: &str,
        from: Date,
        ground: &str,
    ) -> Result<(), EngineError> {
        caller.must_be(Role::Administrator)?;
        let _turn = self.0.registers.turn.lock().await;
        for _ in 0..APPEND_RETRIES_MAX {
            self.refresh_registers().await?;
            if self.retire(caller, code, from, ground).await? {
                return Ok(());
            }
        }
        Err(EngineError::Overloaded)
    }

    /// Retires a procedure unless another node recorded something since the picture was taken;
    /// answers whether it did.
    async fn retire(
        &self,
        caller: &Caller,
        code: &str,
        from: Date,
        ground: &str,
    ) -> Result<bool, EngineError> {
        let picture = self.0.registers.now();
        if !picture.procedures.contains_key(code) {
            return Err(EngineError::NotFound { what: "procedure" });
        }
        let today = local_date(self.now());
        if let Some(since) = picture.retired_by(code, today) {
            return Err(crate::error::invalid(
                "code",
                "RETIRED",
                &format!("Thủ tục {code} đã bị bãi bỏ từ {since}, không đổi được nữa."),
                &format!("{code} was retired on {since}, which cannot be changed any more."),
            ));
        }
        if from < today {
            return Err(crate::error::invalid(
                "from",
                "IN_THE_PAST",
                &format!("Ngày bãi bỏ phải từ {today} trở đi."),
                &format!("The day must be {today} or later: what was filed stays filed."),
            ));
        }
        let what = json!({ "code": code, "from": from.to_string() });
        let fields = vec![
            ("actor".into(), canonical(json!(caller.as_actor_json()))?),
            ("entry".into(), canonical(what)?),
            ("ground".into(), canonical(json!(ground))?),
        ];
        let event = NewEvent { kind: RETIRE.into(), to: None, def: None, fields };
        self.record(&picture, "sys:procedures", event, Vec::new()).await
    }

    /// Reads which procedures were retired: the chain is where that is kept.
    async fn read_retired(&self, picture: &mut Picture) -> Result<(), EngineError> {
        let chain = system_chain("sys:procedures")?;
        let mut after = 0;
        loop {
            let page = self.0.store.events(&chain, after, limits::HISTORY_PAGE_MAX).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.seq;
            for event in &page {
                if let Some((code, from)) = retired(event)? {
                    picture.retired.insert(code, from);
                }
            }
        }
    }

    /// All published procedures, by code and effective date.
    pub fn procedures(&self) -> Vec<Arc<Procedure>> {
        self.0.registers.now().procedures.values().flatten().cloned().collect()
    }

    /// A version of a procedure; without `version` the one under which it may be filed today.
    ///
    /// # Errors
    /// [`EngineError::NotFound`]; without `version`, [`EngineError::Retired`].
    pub fn procedure(
        &self,
        code: &str,
        version: Option<&str>,
    ) -> Result<Arc<Procedure>, EngineError> {
        let picture = self.0.registers.now();
        let Some(version) = version else {
            return picture.open_for_filing(code, local_date(self.now())).cloned();
        };
        let versions = picture.procedures.get(code).into_iter().flatten();
        let found = versions.into_iter().find(|p| p.reference().version == version).cloned();
        found.ok_or(EngineError::NotFound { what: "procedure" })
    }

    /// Loads a working calendar; it is in force for every deadline that is computed from now on.
    ///
    /// # Errors
    /// Every fault of the file.
    pub async fn load_calendar(
        &self,
        caller: &Caller,
        bytes: Vec<u8>,
    ) -> Result<RegisterRef, EngineError> {
        caller.must_be(Role::Administrator)?;
        let calendar = Calendar::from_json(&bytes).map_err(|error| {
            let fault = |f: &motcua_deadlines::Fault| RegisterFault {
                path: f.path.clone(),
                message: format!("{}: {}", f.message, f.remedy),
            };
            EngineError::Register(error.faults().iter().map(fault).collect())
        })?;
        let digest = calendar.digest().to_owned();
        self.load_register(RegisterKind::Calendar, "calendar", caller, bytes, digest).await
    }

    /// The calendar in force.
    pub fn calendar(&self) -> Option<Arc<Calendar>> {
        self.0.registers.now().calendar.clone()
    }

    /// Loads the register of units, and tells which procedures in effect its offices do not have the
    /// people for.
    ///
    /// # Errors
    /// Every fault of the file.
    pub async fn load_units(
        &self,
        caller: &Caller,
        bytes: Vec<u8>,
    ) -> Result<LoadedUnits, EngineError> {
        caller.must_be(Role::Administrator)?;
        let digest = sha256_hex(&bytes);
        UnitRegister::from_json(&bytes, digest.clone()).map_err(EngineError::Register)?;
        let loading = self.load_register(RegisterKind::Units, "units", caller, bytes, digest);
        Ok(LoadedUnits { reference: loading.await?, warnings: self.staff_warnings().await? })
    }

    /// The units in force.
    pub fn units(&self) -> Arc<UnitRegister> {
        let units = self.0.registers.now().units.clone();
        units.unwrap_or_else(|| Arc::new(UnitRegister::empty()))
    }

    /// Records a calendar or a register of units. What is in force already is not recorded again;
    /// an earlier one may be, and is in force again then.
    async fn load_register(
        &self,
        kind: RegisterKind,
        code: &'static str,
        caller: &Caller,
        bytes: Vec<u8>,
        digest: String,
    ) -> Result<RegisterRef, EngineError> {
        let (chain, act) = match kind {
            RegisterKind::Calendar => ("sys:calendar", "calendar.load"),
            RegisterKind::Units => ("sys:units", "unit.load"),
            RegisterKind::Procedure => ("sys:procedures", "procedure.publish"),
        };
        let _turn = self.0.registers.turn.lock().await;
        for _ in 0..APPEND_RETRIES_MAX {
            self.refresh_registers().await?;
            let picture = self.0.registers.now();
            let loaded = self.0.store.register(kind).await?;
            if let Some(last) = loaded.last().filter(|last| last.digest == digest) {
                return Ok(RegisterRef::of(last));
            }
            let now = self.now();
            let entry = RegisterEntry {
                kind,
                code: code.into(),
                version: (loaded.len() + 1).to_string(),
                digest: digest.clone(),
                effective_from: local_date(now),
                recorded_at: now,
                recorded_by: caller.id.clone(),
                bytes: bytes.clone(),
            };
            let reference = RegisterRef::of(&entry);
            if self.record_entry(&picture, chain, act, caller, (entry, None)).await? {
                return Ok(reference);
            }
        }
        Err(EngineError::Overloaded)
    }

    /// Records an entry on a chain unless something was recorded on it since the picture was taken on
    /// which it was checked; answers whether it did.
    async fn record_entry(
        &self,
        checked: &Arc<Picture>,
        chain: &str,
        kind: &str,
        caller: &Caller,
        (entry, ground): (RegisterEntry, Option<String>),
    ) -> Result<bool, EngineError> {
        let what = json!({ "code": entry.code, "digest": entry.digest, "version": entry.version,
            "effective_from": entry.effective_from.to_string() });
        let mut fields = vec![
            ("actor".into(), canonical(json!(caller.as_actor_json()))?),
            ("entry".into(), canonical(what)?),
        ];
        if let Some(ground) = ground {
            fields.push(("ground".into(), canonical(json!(ground))?));
        }
        let event = NewEvent { kind: kind.into(), to: None, def: None, fields };
        self.record(checked, chain, event, vec![entry]).await
    }

    async fn record(
        &self,
        checked: &Arc<Picture>,
        chain: &str,
        event: NewEvent,
        entries: Vec<RegisterEntry>,
    ) -> Result<bool, EngineError> {
        // The checks may have looked at a newer picture than the first of them.
        if !Arc::ptr_eq(checked, &self.0.registers.now()) {
            return Ok(false);
        }
        let place = CHAINS.iter().position(|known| *known == chain);
        let seen = place.map_or(0, |place| checked.seen[place]);
        let recorded = self.append_at(&system_chain(chain)?, Some(seen), &event, &entries).await?;
        self.refresh_registers().await?;
        Ok(recorded)
    }
}

/// Refuses a version that is not above all that were published.
fn check_above<'v>(
    version: &str,
    published: impl Iterator<Item = &'v str>,
) -> Result<(), EngineError> {
    let highest = published.max_by_key(|version| numbers(version));
    let Some(highest) = highest.filter(|highest| numbers(highest) >= numbers(version)) else {
        return Ok(());
    };
    Err(crate::error::invalid(
        "version",
        "VERSION_NOT_ABOVE",
        &format!("Phiên bản {version} phải lớn hơn phiên bản {highest} đã công bố."),
        &format!("{version} is not above {highest}, which is published: give a higher version."),
    ))
}

/// The numbers of a version: 1.10.0 is above 1.9.0.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|number| number.parse().ok()).collect()
}

fn system_chain(name: &str) -> Result<ChainId, EngineError> {
    ChainId::parse(name).map_err(|error| EngineError::Corrupt(error.to_string()))
}

/// Code and day, if the event retired a procedure.
fn retired(event: &StoredEvent) -> Result<Option<(String, Date)>, EngineError> {
    let corrupt = || EngineError::Corrupt(format!("event {} of sys:procedures", event.seq));
    let header = Header::decode(&event.header).map_err(|_| corrupt())?;
    if header.kind != RETIRE {
        return Ok(None);
    }
    let entry = event.opened().find(|field| field.name == "entry").ok_or_else(corrupt)?;
    let entry = cj::to_json(&entry.value);
    let text = |name: &str| entry.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let code = text("code").ok_or_else(corrupt)?;
    let from = text("from").and_then(|from| from.parse().ok()).ok_or_else(corrupt)?;
    Ok(Some((code, from)))
}

/// A JSON value as canonical JSON.
pub(crate) fn canonical(value: serde_json::Value) -> Result<cj::Value, EngineError> {
    cj::from_json(value).map_err(|error| EngineError::Corrupt(error.to_string()))
}

/// SHA-256, lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    motcua_audit::Hash(Sha256::digest(bytes).into()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_only_go_up_by_their_numbers() {
        let check = |version: &str| check_above(version, ["1.9.0", "1.10.0", "1.2.0"].into_iter());
        for above in ["1.10.1", "1.11.0", "2.0.0", "10.0.0"] {
            assert!(check(above).is_ok(), "{above}");
        }
        for version in ["0.9.0", "1.9.1", "1.3.0", "1.10.0"] {
            let Err(EngineError::Invalid(faults)) = check(version) else {
                panic!("{version} went through");
            };
            let fault = &faults[0];
            assert_eq!((fault.subject.as_str(), &*fault.code), ("version", "VERSION_NOT_ABOVE"));
            for text in [&fault.message.vi, &fault.message.en] {
                assert!(text.contains(version) && text.contains("1.10.0"), "{text}");
            }
        }
        assert!(check_above("0.1.0", std::iter::empty()).is_ok());
    }
}

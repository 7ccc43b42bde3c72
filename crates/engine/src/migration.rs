//! Migration of open dossiers to another version of their procedure (L8): a plan that changes
//! nothing, and the same carried out, one recorded act for each dossier.
//!
//! Both go through the same decision of the core, so what the plan says is what happens, unless
//! the dossier moves on in between. Each act's command id follows from the id of the migration and
//! the dossier: a migration that was cut off is resumed by asking for it again.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::civil::Date;
use motcua_dossiers::command::{Actor, Command, Migrate, MigratedLimits};
use motcua_dossiers::dossier::{Clocks, Dossier};
use motcua_dossiers::rejection::Rejection;
use motcua_dossiers::{Context, Offer, local_date, offers};
use motcua_procedures::{Procedure, Role};
use motcua_store::contract::{Documents, DossierKey, Loaded, Store};
use uuid::Uuid;

use crate::error::EngineError;
use crate::execute::{Request, calendar, pinned};
use crate::lane::timers_stuck;
use crate::segment::Segment;
use crate::{Caller, Engine, limits};

/// A migration as it is asked for.
#[derive(Clone, Debug)]
pub struct Migration {
    /// Code of the procedure.
    pub procedure: String,
    /// Version that the dossiers are bound to now.
    pub from_version: String,
    /// Version that they move to.
    pub to_version: String,
    /// Steps that the other version calls differently: old id to new id.
    pub steps: std::collections::BTreeMap<String, String>,
    /// What becomes of the limits.
    pub limits: MigratedLimits,
    /// The transition rule of the law that allows it, in words.
    pub ground: String,
}

/// Where a dossier stands, as far as a migration touches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Step of the main line.
    pub state: String,
    /// Appointment; none before the clock starts and while it is paused.
    pub due_on: Option<Date>,
    /// End of the statutory limit, likewise.
    pub statutory_due_on: Option<Date>,
}

impl Position {
    fn of(dossier: &Dossier) -> Self {
        let clocks = dossier.clocks.as_ref();
        Self {
            state: dossier.state.clone(),
            due_on: clocks.map(Clocks::appointment).and_then(|clock| clock.due_on()),
            statutory_due_on: clocks.and_then(|clocks| clocks.statutory.due_on()),
        }
    }
}

/// What a migration means for one dossier.
#[derive(Debug)]
pub struct Migrated {
    /// The dossier.
    pub dossier: Uuid,
    /// Its code, once given out.
    pub code: Option<String>,
    /// Its position before.
    pub before: Position,
    /// Its position afterwards with what may be done there, or why it cannot be moved.
    pub outcome: Result<Moved, EngineError>,
}

/// A dossier after its migration.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Its position.
    pub position: Position,
    /// What may be done next, by whomever.
    pub offers: Vec<Offer>,
    /// Number of the event that moved it; none in a plan.
    pub sequence: Option<u64>,
    /// It had been moved by this migration before.
    pub repeated: bool,
}

/// A page of a migration.
#[derive(Debug)]
pub struct MigrationPage {
    /// Rows, by dossier.
    pub rows: Vec<Migrated>,
    /// The last dossier that was looked at; none at the end.
    pub last: Option<Uuid>,
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// What the migration would do to the next open dossiers after `after`. Nothing changes.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an unknown version; the store is unavailable.
    pub async fn plan_migration(
        &self,
        caller: &Caller,
        migration: &Migration,
        after: Option<Uuid>,
    ) -> Result<MigrationPage, EngineError> {
        self.refresh_registers().await?;
        let (from, to) = self.versions(caller, migration)?;
        let ids = self.bound_to(&from, after).await?;
        let mut rows = Vec::with_capacity(ids.len());
        for id in &ids {
            if let Some(loaded) = self.0.store.load(&DossierKey::Id(*id)).await? {
                rows.push(self.planned(caller, migration, (&from, &to), loaded)?);
            }
        }
        Ok(MigrationPage { rows, last: ids.last().copied() })
    }

    /// Moves the next open dossiers after `after`, each by one act of its own; a dossier that
    /// cannot be moved stays what it is, with the reasons.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an unknown version; the store is unavailable.
    pub async fn migrate(
        &self,
        caller: &Caller,
        migration: &Migration,
        id: Uuid,
        after: Option<Uuid>,
    ) -> Result<MigrationPage, EngineError> {
        self.refresh_registers().await?;
        let (from, to) = self.versions(caller, migration)?;
        let ids = self.bound_to(&from, after).await?;
        let mut rows = Vec::with_capacity(ids.len());
        for dossier in &ids {
            rows.push(self.moved(caller, migration, (&from, &to), (id, *dossier)).await?);
        }
        Ok(MigrationPage { rows, last: ids.last().copied() })
    }

    fn versions(
        &self,
        caller: &Caller,
        migration: &Migration,
    ) -> Result<(Arc<Procedure>, Arc<Procedure>), EngineError> {
        caller.must_be(Role::Administrator)?;
        let version = |version: &str| self.procedure(&migration.procedure, Some(version));
        let (from, to) = (version(&migration.from_version)?, version(&migration.to_version)?);
        if from.reference() == to.reference() {
            return Err(crate::error::invalid(
                "to_version",
                "SAME_VERSION",
                "Phiên bản đích phải khác phiên bản hiện tại.",
                "The version to move to must be another one.",
            ));
        }
        let (since, today) = (to.definition().effective_from, local_date(self.now()));
        if since > today {
            return Err(crate::error::invalid(
                "to_version",
                "NOT_IN_EFFECT",
                &format!("Phiên bản đích chỉ có hiệu lực từ {since}; hãy chuyển từ ngày đó."),
                &format!("The version to move to takes effect on {since}: migrate from then on."),
            ));
        }
        Ok((from, to))
    }

    async fn bound_to(
        &self,
        from: &Procedure,
        after: Option<Uuid>,
    ) -> Result<Vec<Uuid>, EngineError> {
        let digest = &from.reference().digest;
        Ok(self.0.store.dossiers_of(digest, after, limits::MIGRATION_BATCH_MAX).await?)
    }

    /// The decision of the core on a copy of the dossier, after its timers that are due.
    fn planned(
        &self,
        caller: &Caller,
        migration: &Migration,
        (from, to): (&Arc<Procedure>, &Arc<Procedure>),
        loaded: Loaded,
    ) -> Result<Migrated, EngineError> {
        let picture = self.0.registers.now();
        let (calendar, units) = (calendar(&picture)?, self.units());
        let bound = pinned(&picture, &loaded.dossier.procedure.digest)?;
        let mut segment = Segment::of(self, loaded);
        let actor = caller.acting(Role::Administrator, None);
        let context = Context {
            actor: &actor,
            command: None,
            now: segment.now(),
            procedure: &bound,
            effective: picture.newer(to, segment.now()),
            target: Some(to),
            units: &units,
            calendar: &calendar,
            form: &segment.form,
            code: None,
            digests: &self.0.secret,
        };
        let before = Position::of(&segment.dossier);
        let (dossier, code) = (segment.dossier.id, segment.dossier.code.clone());
        let command = Command::Migrate(move_of(from, to, migration));
        let fired = motcua_dossiers::fire_timers(&segment.dossier, &context);
        let decided = fired.map_err(timers_stuck).and_then(|fired| {
            let mut present = Cow::Borrowed(&*segment.dossier);
            for event in &fired {
                present = Cow::Owned(motcua_dossiers::after(&present, event, segment.now()));
            }
            let events = motcua_dossiers::decide(Some(&present), &command, &context);
            Ok(fired.into_iter().chain(events.map_err(rejected)?).collect())
        });
        let outcome = match decided {
            Ok(events) => {
                segment.append(events, None, to)?;
                Ok(Moved {
                    position: Position::of(&segment.dossier),
                    offers: offers(&segment.dossier, to),
                    sequence: None,
                    repeated: false,
                })
            }
            Err(error) => Err(error),
        };
        Ok(Migrated { dossier, code, before, outcome })
    }

    async fn moved(
        &self,
        caller: &Caller,
        migration: &Migration,
        (from, to): (&Procedure, &Procedure),
        (id, dossier): (Uuid, Uuid),
    ) -> Result<Migrated, EngineError> {
        let key = DossierKey::Id(dossier);
        let loaded = self.0.store.load(&key).await?;
        let loaded = loaded.ok_or(EngineError::NotFound { what: "dossier" })?;
        let actor: Actor = caller.acting(Role::Administrator, None);
        let request = Request {
            dossier: key,
            command_id: self.0.secret.derived_id("migration", &[id, dossier]),
            expected: None,
            actor,
            command: Command::Migrate(move_of(from, to, migration)),
        };
        let outcome = match self.execute(request).await {
            Ok(answer) => Ok(Moved {
                position: Position::of(&answer.view.dossier),
                offers: answer.view.offers,
                sequence: Some(answer.first_seq),
                repeated: answer.repeated,
            }),
            // What concerns this dossier alone is its result; the others go on.
            Err(
                error @ (EngineError::Rejected { .. }
                | EngineError::TimersStuck(_)
                | EngineError::CommandReused),
            ) => Err(error),
            Err(error) => return Err(error),
        };
        let before = Position::of(&loaded.dossier);
        Ok(Migrated { dossier, code: loaded.dossier.code.clone(), before, outcome })
    }
}

fn move_of(from: &Procedure, to: &Procedure, migration: &Migration) -> Migrate {
    Migrate {
        from: from.reference().digest.clone(),
        to: to.reference().digest.clone(),
        steps: migration.steps.clone(),
        limits: migration.limits,
        ground: migration.ground.clone(),
    }
}

fn rejected(rejection: Rejection) -> EngineError {
    EngineError::Rejected { rejection, situation: None }
}

//! Whether the offices of the unit register have the people for a procedure: asked when a procedure
//! is published, and told when a register is loaded.

use std::sync::Arc;

use jiff::civil::Date;
use motcua_dossiers::local_date;
use motcua_procedures::{Finding, Procedure, ProcedureRef, Severity, check_staffing};
use motcua_store::contract::{Documents, Store};

use crate::Engine;
use crate::error::EngineError;
use crate::registers::RegisterRef;

/// What keeps the offices from carrying a procedure out.
#[derive(Clone, Debug, PartialEq)]
pub struct Understaffed {
    /// The procedure.
    pub procedure: ProcedureRef,
    /// What is missing, and where; never empty.
    pub findings: Vec<Finding>,
}

/// A register of units that was loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedUnits {
    /// The entry.
    pub reference: RegisterRef,
    /// Procedures in effect that its offices cannot carry out, as warnings.
    pub warnings: Vec<Understaffed>,
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// Which of the procedures the offices that exist on `day`, or when the procedure takes effect
    /// if that is later, cannot carry out. Nothing is asked while no register of units is loaded.
    pub(crate) async fn understaffed(
        &self,
        procedures: Vec<Arc<Procedure>>,
        day: Date,
    ) -> Result<Vec<Understaffed>, EngineError> {
        let Some(units) = self.0.registers.now().units.clone() else {
            return Ok(Vec::new());
        };
        // Many offices take a while: other calls go on meanwhile.
        let asking = tokio::task::spawn_blocking(move || {
            let ask = |procedure: &Arc<Procedure>| {
                let day = day.max(procedure.definition().effective_from);
                let findings = check_staffing(procedure, &units.staffing(day));
                Understaffed { procedure: procedure.reference().clone(), findings }
            };
            let asked = procedures.iter().map(ask);
            asked.filter(|asked| !asked.findings.is_empty()).collect()
        });
        asking.await.map_err(|error| EngineError::Internal(format!("the check ended: {error}")))
    }

    /// The procedures in effect that the offices cannot carry out, as warnings: the register is as
    /// the offices are.
    pub(crate) async fn staff_warnings(&self) -> Result<Vec<Understaffed>, EngineError> {
        let today = local_date(self.now());
        let mut found = self.understaffed(self.0.registers.now().open(today), today).await?;
        for finding in found.iter_mut().flat_map(|one| &mut one.findings) {
            finding.severity = Severity::Warning;
        }
        Ok(found)
    }
}

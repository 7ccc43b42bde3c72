//! Branches: opening, ending, interrupting and restoring what is done at the same time (P5, P12).
//!
//! The step that opens branches keeps its own work item open; the branches lie below it by their
//! keys. How they come together again is decided in [`super::settle`].

use std::collections::BTreeMap;

use motcua_procedures::{Branch, Parallel, Step};

use super::transition::{Change, Left, Rest};
use super::{Case, active_unit, reject};
use crate::dossier::{BranchEnd, BranchState, Dossier, Interrupted, InterruptedItem, WorkItem};
use crate::rejection::{Reason, Rejection};

/// Most units for which one act opens branches.
const UNITS_MAX: usize = 100;

/// Longest key of a branch: with the id of a step it is a name in the history, of at most 200
/// bytes.
const KEY_BYTES_MAX: usize = 135;

fn prefix(parent: Option<&str>, step: &str) -> String {
    parent.map_or_else(|| format!("{step}/"), |parent| format!("{parent}/{step}/"))
}

/// The branches of the item's step, not those of steps in them.
pub(super) fn branches_of<'d>(
    dossier: &'d Dossier,
    item: &WorkItem,
) -> impl Iterator<Item = (&'d String, &'d BranchState)> {
    let below = item.below();
    dossier
        .branches
        .iter()
        .filter(move |(key, _)| key.strip_prefix(&below).is_some_and(|rest| !rest.contains('/')))
}

/// How many branches ended with each answer, by ids of branch and answer; `changes` stand above
/// what the dossier holds.
pub(super) fn answers(
    dossier: &Dossier,
    changes: &BTreeMap<String, Option<BranchState>>,
) -> BTreeMap<String, BTreeMap<String, u32>> {
    let kept = dossier.branches.iter().filter(|(key, _)| !changes.contains_key(*key));
    let changed = changes.iter().filter_map(|(key, state)| Some((key, state.as_ref()?)));
    let mut counts: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for (_, state) in kept.chain(changed) {
        if let Some(answer) = state.ended.as_ref().and_then(|end| end.answer.clone()) {
            *counts.entry(state.branch.clone()).or_default().entry(answer).or_default() += 1;
        }
    }
    counts
}

impl Change<'_> {
    /// Opens every branch of a step whose condition holds; those of an earlier visit are forgotten.
    pub(super) fn open_branches(
        &mut self,
        step: &Step,
        parallel: &Parallel,
        parent: Option<&str>,
    ) -> Result<(), Rejection> {
        let prefix = prefix(parent, &step.id);
        for key in self.dossier.branches.keys().filter(|key| key.starts_with(&prefix)) {
            self.facts.branches.insert(key.clone(), None);
        }
        for branch in &parallel.branches {
            let case = Case::of(self.dossier, self.ctx);
            if !case.holds(branch.when.as_ref())? {
                continue;
            }
            let start = self.ctx.procedure.step(&branch.start);
            let start = start.expect("a checked branch starts in one of its steps");
            for unit in self.units_of(branch, start)? {
                let of_unit = unit.as_ref().map_or(String::new(), |unit| format!(":{unit}"));
                let key = format!("{prefix}{}{of_unit}", branch.id);
                if key.len() > KEY_BYTES_MAX {
                    return Err(reject(
                        Reason::UnitUnknown,
                        format!("Mã nhánh và đơn vị quá dài: {key}."),
                        format!("The ids of branch and unit are too long together: {key}."),
                    ));
                }
                let state = BranchState {
                    step: step.id.clone(),
                    branch: branch.id.clone(),
                    unit,
                    opened_at: self.ctx.now,
                    ended: None,
                };
                self.facts.branches.insert(key.clone(), Some(state));
                self.enter_clocks(start)?;
                self.open_item(start, Some(&key), None)?;
            }
        }
        Ok(())
    }

    /// The units that a branch opens for, as the act names them; one opening without a unit for a
    /// branch that does not ask for units. In each somebody works in the role that begins: nobody's
    /// silence is an answer.
    fn units_of(&self, branch: &Branch, start: &Step) -> Result<Vec<Option<String>>, Rejection> {
        if !branch.each_unit {
            return Ok(vec![None]);
        }
        if self.units.is_empty() || self.units.len() > UNITS_MAX {
            let (vi, en) = (&branch.name.vi, &branch.name.en);
            return Err(reject(
                Reason::UnitUnknown,
                format!("Phải nêu từ 1 đến {UNITS_MAX} đơn vị cho \"{vi}\" (units)."),
                format!("Name 1 to {UNITS_MAX} units for \"{en}\" in `units`."),
            ));
        }
        let mut units: Vec<Option<String>> = Vec::with_capacity(self.units.len());
        for unit in &self.units {
            let unit = active_unit(self.ctx, unit, "units")?;
            super::work::staffed(unit, start.role)?;
            let unit = unit.id.clone();
            if units.contains(&Some(unit.clone())) {
                return Err(reject(
                    Reason::UnitUnknown,
                    format!("Đơn vị {unit} được nêu hai lần."),
                    format!("Unit {unit} is named twice in `units`; name each once."),
                ));
            }
            units.push(Some(unit));
        }
        Ok(units)
    }

    /// The unit of the branch with that key, or of the nearest one around it that has one.
    pub(super) fn unit_of_branch(&self, key: &str) -> Option<String> {
        let opened = self.facts.branches.get(key).cloned().flatten();
        let state = opened.or_else(|| self.dossier.branches.get(key).cloned());
        state.and_then(|state| state.unit).or_else(|| {
            let around = key.rsplitn(3, '/').nth(2)?;
            self.unit_of_branch(around)
        })
    }

    /// Ends the branch of the item with an answer.
    pub(super) fn end_branch(&mut self, item: &WorkItem, answer: Option<&str>) {
        self.cut_branches(item);
        self.close(item);
        if let Some(key) = &item.branch {
            self.end(key, answer);
        }
    }

    /// Ends what is still open in the branches of the item's step; nobody answered there.
    pub(super) fn cut_branches(&mut self, item: &WorkItem) {
        let below = item.below();
        let open: Vec<String> = self
            .dossier
            .branches
            .iter()
            .filter(|(key, state)| key.starts_with(&below) && state.ended.is_none())
            .map(|(key, _)| key.clone())
            .collect();
        for key in open {
            self.end(&key, None);
        }
    }

    fn end(&mut self, key: &str, answer: Option<&str>) {
        let Some(state) = self.dossier.branches.get(key) else { return };
        let end = BranchEnd {
            answer: answer.map(str::to_owned),
            at: self.ctx.now,
            by: self.ctx.actor.id.clone(),
        };
        let state = BranchState { ended: Some(end), ..state.clone() };
        self.facts.branches.insert(key.to_owned(), Some(state));
    }

    /// What an interruption leaves of the item and of the work in its branches.
    pub(super) fn interrupted(&self, item: &WorkItem) -> Result<Interrupted, Rejection> {
        let below = item.below();
        let mut items = Vec::new();
        for other in self.dossier.items.values() {
            let branch = other.branch.clone().filter(|branch| branch.starts_with(&below));
            let Some(branch) = branch else { continue };
            items.push(InterruptedItem {
                step: other.step.clone(),
                branch,
                unit: other.unit.clone(),
                timeout_left: self.timeout_left(other)?,
                timeout_left_s: None,
                time_left: self.time_left(other)?,
            });
        }
        Ok(Interrupted {
            step: item.step.clone(),
            unit: item.unit.clone(),
            timeout_left: self.timeout_left(item)?,
            timeout_left_s: None,
            time_left: self.time_left(item)?,
            withdrawn_by: None,
            items,
        })
    }

    /// Opens again what an interruption left: the step and the work in its branches.
    pub(super) fn restore(&mut self, step: &Step, left: &Interrupted) -> Result<(), Rejection> {
        let timeout = Rest::of(left.timeout_left, left.timeout_left_s);
        let of_step = Left { unit: &left.unit, timeout, time_left: left.time_left };
        self.open_item(step, None, Some(of_step))?;
        for item in &left.items {
            let step = self.ctx.procedure.step(&item.step).ok_or_else(|| {
                let (vi, en) = (
                    format!("Thủ tục không còn bước {} để quay lại.", item.step),
                    format!("The procedure has no step {} to return to.", item.step),
                );
                reject(Reason::ActNotOffered, vi, en)
            })?;
            let timeout = Rest::of(item.timeout_left, item.timeout_left_s);
            let left = Left { unit: &item.unit, timeout, time_left: item.time_left };
            self.open_item(step, Some(&item.branch), Some(left))?;
        }
        Ok(())
    }
}

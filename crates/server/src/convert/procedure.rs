//! Procedures and units as their readers see them.

use jiff::civil::Date;
use motcua_api::v1;
use motcua_dossiers::units::Unit;
use motcua_engine::Understaffed;
use motcua_procedures::{
    Action, Amount, Definition, DocumentKind, DocumentRequirement, Fee, Finding, HandIn, Procedure,
    Severity, Step,
};

use super::dossier::{channel, collection, time_unit};
use super::{reference, text};

/// A procedure in a list.
pub(crate) fn procedure_summary(procedure: &Procedure) -> v1::ProcedureSummary {
    let definition = procedure.definition();
    v1::ProcedureSummary {
        procedure: Some(reference(procedure.reference())),
        name: Some(text(&definition.name)),
        field: Some(text(&definition.field)),
        effective_from: definition.effective_from.to_string(),
    }
}

/// A procedure.
pub(crate) fn procedure(procedure: &Procedure) -> v1::GetProcedureResponse {
    let definition = procedure.definition();
    let variants = definition
        .variants
        .iter()
        .map(|variant| v1::CaseVariant { id: variant.id.clone(), name: Some(text(&variant.name)) });
    v1::GetProcedureResponse {
        procedure: Some(reference(procedure.reference())),
        name: Some(text(&definition.name)),
        field: Some(text(&definition.field)),
        effective_from: definition.effective_from.to_string(),
        channels: definition.channels.iter().map(|way| channel(*way).into()).collect(),
        owners_min: definition.parties.owners_min,
        owners_max: definition.parties.owners_max,
        proxy_allowed: definition.parties.proxy,
        variants: variants.collect(),
        form_schema_json: definition.form.schema().to_string(),
        documents: definition.documents.iter().map(|paper| document(definition, paper)).collect(),
        fees: definition.fees.iter().map(|one| fee(definition, one)).collect(),
        steps: definition.steps.iter().map(step).collect(),
        source: procedure.source().to_vec(),
    }
}

fn document(definition: &Definition, paper: &DocumentRequirement) -> v1::DocumentRequirement {
    let kind = match paper.kind {
        DocumentKind::Original => "original",
        DocumentKind::Copy => "copy",
        DocumentKind::CertifiedCopy => "certified_copy",
        DocumentKind::Electronic => "electronic",
    };
    let hand_in = match paper.hand_in {
        HandIn::Submit => "submit",
        HandIn::Present => "present",
        HandIn::LookUp => "look_up",
    };
    let phase = definition.phases.iter().find(|phase| paper.phase.as_ref() == Some(&phase.id));
    v1::DocumentRequirement {
        id: paper.id.clone(),
        name: Some(text(&paper.name)),
        kind: kind.into(),
        hand_in: hand_in.into(),
        originals: paper.originals,
        copies: paper.copies,
        when: paper.when.as_ref().map(|guard| guard.text().into()).unwrap_or_default(),
        data_source: paper.data_source.clone().unwrap_or_default(),
        media_types: paper.media.clone(),
        size_max_bytes: paper.size_max,
        original_at_delivery: paper.original_at_delivery,
        ground: definition.grounds.get(&paper.ground).map(text),
        phase: paper.phase.clone().unwrap_or_default(),
        phase_name: phase.map(|phase| text(&phase.name)),
    }
}

fn fee(definition: &Definition, fee: &Fee) -> v1::FeeRule {
    v1::FeeRule {
        id: fee.id.clone(),
        name: Some(text(&fee.name)),
        amount: match &fee.amount {
            Amount::Fixed(amount) => *amount,
            Amount::Tariff(_) | Amount::Assessed => 0,
        },
        when: fee.when.as_ref().map(|guard| guard.text().into()).unwrap_or_default(),
        collect: collection(fee.collect).into(),
        ground: definition.grounds.get(&fee.ground).map(text),
        tariff: match &fee.amount {
            Amount::Tariff(tariff) => tariff.to_string(),
            Amount::Fixed(_) | Amount::Assessed => String::new(),
        },
    }
}

fn step(step: &Step) -> v1::ProcedureStep {
    let time = step.time.as_ref();
    let unit = time.map_or(v1::TimeUnit::Unspecified, |time| time_unit(time.unit));
    v1::ProcedureStep {
        id: step.id.clone(),
        name: Some(text(&step.name)),
        status: u8::from(step.status).into(),
        role: step.role.as_str().into(),
        time_unit: unit.into(),
        time_amount: time.map_or(0, |time| time.amount),
        actions: step.actions.iter().map(action).collect(),
    }
}

fn action(action: &Action) -> v1::StepAction {
    let data_schema_json = action.data.as_ref().map(|data| data.schema().to_string());
    v1::StepAction {
        id: action.id.clone(),
        name: Some(text(&action.name)),
        act: action.act.as_str().into(),
        roles: action.roles.iter().map(|role| role.as_str().into()).collect(),
        reason_required: action.reason,
        form: action.form.map_or(0, u32::from),
        data_schema_json: data_schema_json.unwrap_or_default(),
    }
}

/// Faults of a definition.
pub(crate) fn procedure_findings(findings: &[Finding]) -> Vec<v1::ProcedureFinding> {
    let finding = |finding: &Finding| {
        let severity = match finding.severity {
            Severity::Error => v1::Severity::Error,
            Severity::Warning => v1::Severity::Warning,
        };
        let trace = finding
            .trace
            .iter()
            .map(|step| v1::TraceStep { state: step.state.clone(), action: step.action.clone() });
        v1::ProcedureFinding {
            code: finding.code.into(),
            severity: severity.into(),
            message: finding.message.clone(),
            path: finding.path.clone(),
            line: finding.line,
            remedy: finding.remedy.clone(),
            trace: trace.collect(),
        }
    };
    findings.iter().map(finding).collect()
}

/// A procedure that the offices cannot carry out.
pub(crate) fn understaffed(one: &Understaffed) -> v1::UnderstaffedProcedure {
    v1::UnderstaffedProcedure {
        procedure: Some(reference(&one.procedure)),
        findings: procedure_findings(&one.findings),
    }
}

/// A unit as of `today`.
pub(crate) fn unit(unit: &Unit, today: Date) -> v1::Unit {
    v1::Unit {
        id: unit.id.clone(),
        kind: unit.kind.as_str().into(),
        name: Some(text(&unit.name)),
        code: unit.code_on(today).unwrap_or_default().into(),
        area: unit.area.as_str().into(),
        address: unit.address.clone(),
        phone: unit.phone.clone(),
        valid_from: unit.valid_from.to_string(),
        valid_to: unit.valid_to.map(|day| day.to_string()).unwrap_or_default(),
        successor: unit.successor.clone().unwrap_or_default(),
        competent_agency: unit.competent_agency.clone().unwrap_or_default(),
    }
}

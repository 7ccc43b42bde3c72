//! Looking at dossiers.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use motcua_api::v1;
use motcua_printing::{FormPage, form_page};

use crate::Ending;
use crate::client::{Session, steadily};
use crate::output::{Lang, Output};
use crate::render;
use crate::wire::to_json;

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// Dossier code, id, or tracking secret
    dossier: String,
    /// With names, numbers and the form; recorded when staff ask
    #[arg(long)]
    full: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TrackArguments {
    /// Dossier code (then with --factor), or tracking secret
    dossier: String,
    /// Identity number or phone of a party
    #[arg(long, value_name = "TEXT")]
    factor: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// Dossier code, id, or tracking secret
    dossier: String,
}

#[derive(Debug, Args)]
pub(crate) struct FormArguments {
    /// Dossier code, id, or tracking secret
    dossier: String,
    /// Number of the form, 1 to 6
    number: u32,
    /// Number of the event that caused it; default: the latest
    #[arg(long, value_name = "N", default_value_t = 0)]
    sequence: u64,
    /// The page to print instead of the data; a browser shows and prints it
    #[arg(long, conflicts_with = "json")]
    html: bool,
    /// Where the page goes; default: standard output
    #[arg(long, value_name = "FILE", requires = "html")]
    out: Option<PathBuf>,
}

pub(super) async fn show(
    arguments: ShowArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let view = match arguments.full {
        true => v1::DossierView::Full,
        false => v1::DossierView::Basic,
    };
    let request = v1::GetDossierRequest {
        dossier: arguments.dossier,
        view: view.into(),
        ..Default::default()
    };
    let answer = steadily(async || session.dossiers().get_dossier(request.clone()).await).await?;
    match (output.json, &answer.dossier) {
        (true, _) => output.value(&to_json("GetDossierResponse", &answer))?,
        (false, Some(state)) => output.text(&render::dossier(state, output))?,
        (false, None) => {}
    }
    Ok(Ending::Well)
}

pub(super) async fn list(session: &Session, output: &Output) -> anyhow::Result<Ending> {
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListMyDossiersRequest { page_size: 200, page_token };
        let page =
            steadily(async || session.dossiers().list_my_dossiers(request.clone()).await).await?;
        found.extend(page.dossiers);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if output.json {
        for state in &found {
            output.value(&to_json("DossierState", state))?;
        }
    } else {
        output.table(&render::dossiers(&found, output))?;
    }
    Ok(Ending::Well)
}

pub(super) async fn track(
    arguments: TrackArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    use v1::track_dossier_request::By;
    // A secret is one word of letters and digits; only codes have points and hyphens.
    let is_code = arguments.dossier.contains(['.', '-']);
    if is_code && arguments.factor.is_none() {
        bail!(
            "{}",
            output.either(
                "tra cứu theo mã hồ sơ cần thêm số định danh hoặc số điện thoại: ghi ở --factor",
                "a dossier code needs a second factor: give the identity number or phone of a \
                 party with --factor"
            )
        );
    }
    let by = match arguments.factor {
        Some(factor) => By::Code(v1::CodeAndFactor { code: arguments.dossier, factor }),
        None => By::Secret(arguments.dossier),
    };
    let request = v1::TrackDossierRequest { by: Some(by) };
    let found = steadily(async || session.dossiers().track_dossier(request.clone()).await).await?;
    match output.json {
        true => output.value(&to_json("TrackDossierResponse", &found))?,
        false => output.text(&render::tracked(&found, output))?,
    }
    Ok(Ending::Well)
}

pub(super) async fn explain(
    arguments: ExplainArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let request = v1::ExplainDeadlineRequest { dossier: arguments.dossier, ..Default::default() };
    let answer =
        steadily(async || session.deadlines().explain_deadline(request.clone()).await).await?;
    if output.json {
        output.value(&to_json("ExplainDeadlineResponse", &answer))?;
        return Ok(Ending::Well);
    }
    if answer.acts.is_empty() {
        output.note(output.either(
            "chưa bắt đầu tính thời hạn nên chưa có ngày hẹn",
            "the clock has not started, so there is no appointment yet",
        ));
    }
    for act in &answer.acts {
        let due = match act.due_on.as_str() {
            "" => output.label("paused"),
            due_on => due_on,
        };
        let event = output.either("sự kiện", "event");
        output.text(&format!("{} ({event} {}): {due}", act.kind, act.sequence))?;
        for sentence in &act.explanation {
            let sentence = match output.lang {
                Lang::Vi => &sentence.vi,
                Lang::En => &sentence.en,
            };
            output.text(&format!("  {sentence}"))?;
        }
    }
    Ok(Ending::Well)
}

pub(super) async fn form(
    arguments: FormArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let FormArguments { dossier, number, sequence, html, out } = arguments;
    let request = v1::GetFormRequest { dossier, number, sequence, ..Default::default() };
    let form = steadily(async || session.dossiers().get_form(request.clone()).await).await?;
    if output.json {
        output.value(&to_json("GetFormResponse", &form))?;
        return Ok(Ending::Well);
    }
    let data: serde_json::Value = serde_json::from_str(&form.data_json)?;
    match html {
        true => output.document(out.as_deref(), &page(&form, &data)?)?,
        false => output.text(&serde_json::to_string_pretty(&data)?)?,
    }
    let mark = if form.reprint { output.either(", bản in lại", ", reprint") } else { "" };
    let (word, number) = (output.either("mẫu", "form"), form.number);
    output.note(&format!("{word} {number:02}, {}, SHA-256 {}{mark}", form.serial, form.sha256));
    Ok(Ending::Well)
}

/// The page of a form.
fn page(form: &v1::GetFormResponse, data: &serde_json::Value) -> anyhow::Result<String> {
    let page = FormPage {
        number: u8::try_from(form.number)?,
        serial: &form.serial,
        template: &form.template,
        sha256: &form.sha256,
        reprint: form.reprint,
        evidence: Some(form.evidence.as_str()).filter(|line| !line.is_empty()),
        data,
    };
    form_page(&page).with_context(|| format!("no page is made for form {:02}", form.number))
}

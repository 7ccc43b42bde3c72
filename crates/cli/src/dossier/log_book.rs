//! `motcua dossier log-book`: form 07.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use motcua_api::v1;
use motcua_printing::{FormPage, form_page};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::Ending;
use crate::client::{Session, steadily};
use crate::output::Output;
use crate::refusal::Refused;
use crate::wire::to_json;

/// The number of the form.
const LOG_BOOK: u8 = 7;

#[derive(Debug, Args)]
pub(crate) struct LogBookArguments {
    /// First day of the period
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: String,
    /// Last day of the period, which has at most 92 days
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: String,
    /// The centre; default: the unit of the token
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// The page to print instead of the data; a browser shows and prints it
    #[arg(long, conflicts_with = "json")]
    html: bool,
    /// Where the page goes; default: standard output
    #[arg(long, value_name = "FILE", requires = "html")]
    out: Option<PathBuf>,
}

pub(super) async fn show(
    arguments: LogBookArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let LogBookArguments { from, to, unit, html, out } = arguments;
    let request = v1::GetLogBookRequest { unit: unit.unwrap_or_default(), from, to };
    let (mut book, data) = whole(request, session).await?;
    if output.json {
        book.data_json = data.to_string();
        output.value(&to_json("GetLogBookResponse", &book))?;
        return Ok(Ending::Well);
    }
    let digest = Sha256::digest(data.to_string().as_bytes());
    let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let page = FormPage {
        number: LOG_BOOK,
        serial: &book.serial,
        template: &book.template,
        sha256: &sha256,
        reprint: false,
        evidence: None,
        data: &data,
    };
    match html {
        true => {
            output.document(out.as_deref(), &form_page(&page).context("form 07 has a page")?)?
        }
        false => output.text(&serde_json::to_string_pretty(&data)?)?,
    }
    let rows = data["rows"].as_array().map_or(0, Vec::len);
    let (form, count) = (output.either("mẫu", "form"), output.either("số dòng", "rows"));
    let serial = &book.serial;
    output.note(&format!("{form} {LOG_BOOK:02}, {serial}, {count} {rows}, SHA-256 {sha256}"));
    Ok(Ending::Well)
}

/// The first part of the book with the rows of all.
async fn whole(
    request: v1::GetLogBookRequest,
    session: &Session,
) -> anyhow::Result<(v1::GetLogBookResponse, Value)> {
    let call = async || session.dossiers().get_log_book(request.clone()).await;
    let mut stream = steadily(call).await?;
    let first = stream.message().await.map_err(Refused::from)?;
    let first = first.ok_or_else(|| anyhow!("the server sent no part of the book"))?;
    let mut data: Value = serde_json::from_str(&first.data_json)?;
    let rows = data["rows"].as_array_mut().context("the book has no list of rows")?;
    while let Some(part) = stream.message().await.map_err(Refused::from)? {
        let mut part: Value = serde_json::from_str(&part.data_json)?;
        rows.append(part["rows"].as_array_mut().context("a part has no list of rows")?);
    }
    Ok((first, data))
}

//! Filing: `submit` and `supplement` from a JSON file.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use motcua_api::v1;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::act::carry_out;
use super::act_arguments::{MetaArguments, TargetArguments};
use super::document::upload;
use crate::Ending;
use crate::client::Session;
use crate::output::Output;
use crate::render;
use crate::wire::from_json;

/// Most bytes of a file to send: what the API takes, form and documents' names together.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

pub(super) const SUBMIT_HELP: &str = r#"The file holds the members of SubmitDossierRequest,
with two comforts: `form` may be an object in place of `form_json`, and a document may name a
`file` beside it, which is uploaded first.

  {
    "procedure": "1.001193",
    "channel": "CHANNEL_ONLINE",
    "variant": "ordinary",
    "receiving_unit": "hong-gai-centre",
    "persons": [
      { "id": "citizen.an", "part": "PART_DOSSIER_OWNER", "full_name": "Nguyễn Minh An",
        "id_number": "022199001234", "phone": "0912345678" }
    ],
    "form": { "child_name": "Nguyễn Minh Khang", "copies_requested": 0 },
    "documents": [
      { "requirement": "D1e", "file": "declaration.pdf" },
      { "requirement": "D2", "file": "notification.pdf", "signed": true },
      { "requirement": "D6", "presented": {} },
      { "requirement": "D7", "look_up": { "registry": "population", "found": true } },
      { "requirement": "D8", "paper": { "originals": 1, "copies": 0 } }
    ]
  }

Form fields, documents and variants of a procedure: `motcua procedure show CODE`."#;

pub(super) const SUPPLEMENT_HELP: &str = r#"The file holds what changes, as in `dossier submit`:

  { "form": { "child_name": "Nguyễn Minh Khang" },
    "documents": [ { "requirement": "D2", "file": "notification.pdf" } ] }"#;

#[derive(Debug, Args)]
pub(crate) struct SubmitArguments {
    /// JSON file; `-` reads standard input
    file: PathBuf,
    /// Id of the dossier, or of the draft that is filed: a UUIDv7; default: a new one
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
    #[command(flatten)]
    meta: MetaArguments,
}

#[derive(Debug, Args)]
pub(crate) struct SupplementArguments {
    #[command(flatten)]
    target: TargetArguments,
    /// JSON file; `-` reads standard input
    file: PathBuf,
}

pub(super) async fn submit(
    arguments: SubmitArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let meta = arguments.meta.message();
    let mut filing = read_members(&arguments.file)?;
    let id = match (arguments.id, filing.remove("dossier")) {
        (Some(id), _) => id.to_string(),
        (None, Some(Value::String(id))) => id,
        (None, _) => Uuid::now_v7().to_string(),
    };
    let filing = with_comforts(filing, &arguments.file, session).await?;
    let request = v1::SubmitDossierRequest {
        command: Some(meta.clone()),
        dossier: id,
        ..from_json("SubmitDossierRequest", filing)?
    };
    // After a broken line the same id is filed again, so it is told before the call.
    let (word, id) = (output.either("hồ sơ sẽ nộp", "dossier to be filed:"), &request.dossier);
    output.note(&format!("{word} {id}"));
    let call = async || session.dossiers().submit_dossier(request.clone()).await;
    let answer = carry_out(&meta, output, call).await?;
    if !output.json {
        output.text(&render::labelled("secret", &answer.tracking_secret, output))?;
    }
    Ok(Ending::Well)
}

pub(super) async fn supplement(
    arguments: SupplementArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let meta = arguments.target.meta.message();
    let members = read_members(&arguments.file)?;
    let members = with_comforts(members, &arguments.file, session).await?;
    let request = v1::SupplementDossierRequest {
        command: Some(meta.clone()),
        dossier: arguments.target.dossier,
        ..from_json("SupplementDossierRequest", members)?
    };
    let call = async || session.dossiers().supplement_dossier(request.clone()).await;
    carry_out(&meta, output, call).await?;
    Ok(Ending::Well)
}

/// The `documents` of a JSON file written like a filing.
pub(super) async fn documents(file: &Path, session: &Session) -> anyhow::Result<Vec<v1::Document>> {
    let members = with_comforts(read_members(file)?, file, session).await?;
    let request: v1::AdvanceDossierRequest = from_json("AdvanceDossierRequest", members)?;
    Ok(request.documents)
}

/// The text of a file or of standard input.
pub(super) fn read_text(path: &Path) -> anyhow::Result<String> {
    let shown = path.display().to_string();
    let mut text = String::new();
    let mut bounded: Box<dyn io::Read> = match path.as_os_str() == "-" {
        true => Box::new(io::stdin().lock().take(FILE_BYTES_MAX + 1)),
        false => {
            let file = std::fs::File::open(path).with_context(|| shown.clone())?;
            Box::new(file.take(FILE_BYTES_MAX + 1))
        }
    };
    bounded.read_to_string(&mut text).with_context(|| shown.clone())?;
    if text.len() as u64 > FILE_BYTES_MAX {
        bail!("{shown} has more than {FILE_BYTES_MAX} bytes");
    }
    Ok(text)
}

fn read_members(path: &Path) -> anyhow::Result<Map<String, Value>> {
    let shown = path.display();
    match serde_json::from_str(&read_text(path)?) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => bail!("{shown} holds no JSON object: see `motcua dossier submit --help`"),
        Err(error) => Err(anyhow!("{shown} is no JSON: {error}")),
    }
}

/// Turns `form` into `form_json`, and documents' files into uploads.
async fn with_comforts(
    mut members: Map<String, Value>,
    path: &Path,
    session: &Session,
) -> anyhow::Result<Value> {
    if let Some(form) = members.remove("form") {
        if members.contains_key("form_json") {
            bail!("give either form or form_json");
        }
        members.insert("form_json".into(), Value::String(form.to_string()));
    }
    let beside = path.parent().unwrap_or(Path::new(""));
    let documents = members.get_mut("documents").and_then(Value::as_array_mut);
    for document in documents.into_iter().flatten() {
        let Some(document) = document.as_object_mut() else {
            continue;
        };
        let Some(file) = document.remove("file") else {
            continue;
        };
        let file = file.as_str().ok_or_else(|| anyhow!("a document's file must be a path"))?;
        let kept = upload(session, &beside.join(file), None, None).await?;
        let signed = document.remove("signed").unwrap_or(Value::Bool(false));
        document.insert("upload".into(), json!({ "sha256": kept.sha256, "signed": signed }));
    }
    Ok(Value::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_help_is_a_request_once_its_comforts_are_gone() {
        let start = SUBMIT_HELP.find("  {\n").expect("an example");
        let end = SUBMIT_HELP.rfind("\n  }").expect("an example") + 4;
        let mut example: Value = serde_json::from_str(&SUBMIT_HELP[start..end]).expect("JSON");
        let members = example.as_object_mut().expect("an object");
        let form = members.remove("form").expect("a form");
        members.insert("form_json".into(), Value::String(form.to_string()));
        for document in members["documents"].as_array_mut().expect("documents") {
            let document = document.as_object_mut().expect("an object");
            if document.remove("file").is_some() {
                document.remove("signed");
                document.insert("upload".into(), json!({ "sha256": "00", "signed": true }));
            }
        }
        let request: v1::SubmitDossierRequest =
            from_json("SubmitDossierRequest", example).expect("a request");
        assert_eq!(request.documents.len(), 5);
        assert!(request.form_json.contains("child_name"));
    }

    #[test]
    fn a_file_that_is_no_object_is_refused_with_its_name() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("filing.json");
        for content in ["[]", "{", ""] {
            std::fs::write(&path, content).expect("written");
            let error = format!("{:#}", read_members(&path).expect_err(content));
            assert!(error.contains("filing.json"), "{error}");
        }
    }
}

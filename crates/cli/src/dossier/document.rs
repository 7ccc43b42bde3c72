//! Files: sent in chunks, fetched in chunks.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use motcua_api::v1;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::Ending;
use crate::client::{Session, steadily};
use crate::output::Output;
use crate::progress::Progress;
use crate::wire::to_json;

/// Bytes of a chunk, the most that the API takes.
const CHUNK_BYTES: u64 = 256 * 1024;

#[derive(Debug, Args)]
pub(crate) struct UploadArguments {
    /// The file
    file: PathBuf,
    /// Media type, such as application/pdf; default: by the first bytes of the file
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,
    /// Id of the upload; default: made from the content, so that a repeat goes on
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
}

#[derive(Debug, Args)]
pub(crate) struct DocumentArguments {
    /// Dossier code, id, or tracking secret
    dossier: String,
    /// SHA-256 of the document, as in the dossier
    sha256: String,
    /// File to write; `-` writes to standard output
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Runs `upload`.
pub(super) async fn run(
    arguments: UploadArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let UploadArguments { file, media_type, id } = arguments;
    let upload = upload(session, &file, media_type, id).await?;
    match output.json {
        true => output.value(&to_json("Upload", &upload))?,
        false => output.text(&upload.sha256)?,
    }
    Ok(Ending::Well)
}

/// Sends a file, going on where an earlier attempt stopped.
pub(super) async fn upload(
    session: &Session,
    path: &Path,
    media_type: Option<String>,
    id: Option<Uuid>,
) -> anyhow::Result<v1::Upload> {
    let shown = path.display().to_string();
    let mut file = File::open(path).with_context(|| shown.clone())?;
    let size = file.metadata().with_context(|| shown.clone())?.len();
    let sha256 = digest(&mut file).with_context(|| shown.clone())?;
    let media_type = match media_type {
        Some(media_type) => media_type,
        None => media_type_of(&mut file)
            .with_context(|| shown.clone())?
            .ok_or_else(|| anyhow!("{shown} is of no known type: name it with --media-type"))?
            .to_owned(),
    };
    let id = id
        .map_or_else(|| upload_id(&[session.subject(), &media_type, &sha256]), |id| id.to_string());
    let begin = v1::BeginUploadRequest { upload_id: id.clone(), media_type, size_bytes: size };
    let begun = steadily(async || session.dossiers().begin_upload(begin.clone()).await).await?;
    let mut received = begun.upload.unwrap_or_default().received_bytes;
    let mut progress = Progress::new(&shown, size);
    progress.at(received);
    while received < size {
        let chunk = read_chunk(&mut file, received, size).with_context(|| shown.clone())?;
        let chunk = v1::PutChunkRequest { upload_id: id.clone(), offset: received, content: chunk };
        let sent = steadily(async || session.dossiers().put_chunk(chunk.clone()).await).await?;
        let now_there = sent.upload.unwrap_or_default().received_bytes;
        if now_there <= received {
            bail!("the service keeps {now_there} bytes and takes no more: upload it again later");
        }
        received = now_there;
        progress.at(received);
    }
    let finish = v1::FinishUploadRequest { upload_id: id, sha256 };
    let finished =
        steadily(async || session.dossiers().finish_upload(finish.clone()).await).await?;
    finished.upload.ok_or_else(|| anyhow!("the service did not say what it keeps"))
}

/// Saves a document of a dossier.
pub(super) async fn save(
    arguments: DocumentArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let shown = arguments.out.display().to_string();
    let mut out: Box<dyn io::Write> = match arguments.out.as_os_str() == "-" {
        true => Box::new(io::stdout().lock()),
        false => Box::new(File::create(&arguments.out).with_context(|| shown.clone())?),
    };
    let mut hash = Sha256::new();
    let mut offset = 0;
    loop {
        let request = v1::GetDocumentRequest {
            dossier: arguments.dossier.clone(),
            sha256: arguments.sha256.clone(),
            offset,
            limit: 0,
            ..Default::default()
        };
        let part =
            steadily(async || session.dossiers().get_document(request.clone()).await).await?;
        if part.content.is_empty() {
            break;
        }
        hash.update(&part.content);
        out.write_all(&part.content).with_context(|| shown.clone())?;
        offset += part.content.len() as u64;
        if offset >= part.size_bytes {
            break;
        }
    }
    out.flush().with_context(|| shown.clone())?;
    if hex(&hash.finalize()) != arguments.sha256 {
        bail!("{shown}: the bytes are not those of the digest: tell the operator");
    }
    output.note(&format!("{offset} bytes, digest checked"));
    Ok(Ending::Well)
}

fn read_chunk(file: &mut File, offset: u64, size: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let length = usize::try_from(CHUNK_BYTES.min(size - offset)).expect("a chunk fits memory");
    let mut chunk = vec![0; length];
    file.read_exact(&mut chunk)?;
    Ok(chunk)
}

fn digest(file: &mut File) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&piece[..read]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Media types that the engine accepts, by the first bytes.
fn media_type_of(file: &mut File) -> io::Result<Option<&'static str>> {
    file.seek(SeekFrom::Start(0))?;
    let mut start = Vec::new();
    (&*file).take(16).read_to_end(&mut start)?;
    Ok(media_type_of_bytes(&start))
}

fn media_type_of_bytes(start: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 6] = [
        (b"%PDF-", "application/pdf"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"<?xml", "application/xml"),
    ];
    KNOWN.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, media)| *media)
}

/// The id that the same content of the same person has every time: a UUID of version 8.
fn upload_id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_of_the_same_person_is_the_same_upload() {
        let id = upload_id(&["citizen", "application/pdf", "ab"]);
        assert_eq!(upload_id(&["citizen", "application/pdf", "ab"]), id);
        assert_ne!(upload_id(&["citizen", "application/pdf", "ac"]), id);
        assert_ne!(upload_id(&["another", "application/pdf", "ab"]), id);
        assert!(Uuid::parse_str(&id).is_ok());
    }

    #[test]
    fn the_type_is_in_the_first_bytes() {
        assert_eq!(media_type_of_bytes(b"%PDF-1.7"), Some("application/pdf"));
        assert_eq!(media_type_of_bytes(b"MZ"), None);
    }

    #[test]
    fn chunks_cover_the_file() {
        let mut file = tempfile::tempfile().expect("a file");
        let size = CHUNK_BYTES + 3;
        file.write_all(&vec![7; usize::try_from(size).expect("small")]).expect("written");
        assert_eq!(read_chunk(&mut file, 0, size).expect("read").len() as u64, CHUNK_BYTES);
        assert_eq!(read_chunk(&mut file, CHUNK_BYTES, size).expect("read"), [7, 7, 7]);
    }
}

//! Checks of the folders: room, keys, documents.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use motcua_engine::{Clock as _, Secret, SystemClock};
use motcua_store_sql::Glance;
use rustix::fs::{Access, access, statvfs};
use uuid::Uuid;

use super::{Check, seen};
use crate::folder::Folder;
use crate::manifest;

/// Free room below which it is a warning, an error.
const DISK_WARN_BYTES: u64 = 10 * GIB;
const DISK_ERROR_BYTES: u64 = GIB;
const GIB: u64 = 1024 * 1024 * 1024;
/// Documents that are looked for; a backup looks for all of them.
const DOCUMENTS_CHECKED_MAX: usize = 10_000;
/// A younger upload may be on its way between its file and its row.
const UPLOAD_SETTLED: SignedDuration = SignedDuration::from_hours(1);

pub(super) async fn checks(folder: &Folder, glance: &Glance, is_used: bool) -> Vec<Check> {
    let mut checks =
        vec![room("DISK_DATA", folder.path()), room("DISK_DOCUMENTS", folder.documents())];
    checks.extend(keys(folder, is_used));
    checks.push(seen("KEYS_SECRET", secret(folder, glance).await));
    if folder.has_server() {
        checks.push(shared(folder));
    }
    checks.push(documents_folder(folder.documents()));
    checks.push(seen("DOCUMENTS_PRESENT", documents(folder.documents(), glance).await));
    checks.push(seen("UPLOADS", uploads(folder.documents(), glance).await));
    checks
}

/// Free room where a folder lies, or will lie.
fn room(code: &'static str, path: &Path) -> Check {
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(path);
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    let Ok(found) = statvfs(there) else {
        return Check::new(code, "không xem được", "cannot be looked at").error_if(
            true,
            "Kiểm tra thư mục và quyền.",
            "Look at the folder and its permissions.",
        );
    };
    of_room(code, found.f_bavail.saturating_mul(found.f_frsize))
}

fn of_room(code: &'static str, free: u64) -> Check {
    let tenths = free / (GIB / 10);
    let shown = format!("{}.{} GiB", tenths / 10, tenths % 10);
    let remedy = (
        "Giải phóng hoặc thêm dung lượng: đĩa đầy thì không nhận được hồ sơ nào nữa.",
        "Free some room or add a disk: when it is full nothing is accepted any more.",
    );
    Check::new(code, format!("còn trống {shown}"), format!("{shown} free"))
        .error_if(free < DISK_ERROR_BYTES, remedy.0, remedy.1)
        .warning_if(free < DISK_WARN_BYTES, remedy.0, remedy.1)
}

fn keys(folder: &Folder, is_used: bool) -> [Check; 2] {
    let missing = folder.missing_keys();
    let names: Vec<String> = missing.iter().map(|path| path.display().to_string()).collect();
    let present = match names.is_empty() {
        true => Check::new("KEYS_PRESENT", "đủ", "all there"),
        false => Check::new(
            "KEYS_PRESENT",
            format!("thiếu {}", names.join(", ")),
            format!("missing {}", names.join(", ")),
        ),
    };
    let files = folder.key_files().into_iter().filter(|path| path.exists());
    let mut exposed: Vec<String> = Vec::new();
    for path in files.chain([folder.keys().to_owned()].into_iter().filter(|path| path.exists())) {
        let is_open =
            fs::metadata(&path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
        let is_readable = access(&path, Access::READ_OK).is_ok();
        if is_open || !is_readable {
            exposed.push(path.display().to_string());
        }
    }
    let permissions = match exposed.is_empty() {
        true => Check::new("KEYS_PERMISSIONS", "chỉ chủ sở hữu đọc được", "for their owner alone"),
        false => Check::plain("KEYS_PERMISSIONS", exposed.join(", ")),
    };
    [
        present.error_if(
            is_used && !missing.is_empty(),
            "Khôi phục khóa từ bản sao lưu; `motcua serve --new-keys` chấp nhận mất chúng.",
            "Restore the keys from the backup; `motcua serve --new-keys` accepts their loss.",
        ),
        permissions.error_if(
            !exposed.is_empty(),
            "Chạy `chmod 700` cho thư mục và `chmod 600` cho tệp, với chủ là người chạy dịch vụ.",
            "Run `chmod 700` on the folder and `chmod 600` on the files, owned by who runs the service.",
        ),
    ]
}

/// Whether the key of fingerprints is the one that the database was used with.
async fn secret(folder: &Folder, glance: &Glance) -> anyhow::Result<Check> {
    let mut in_force = None;
    for key in Secret::check_keys() {
        match glance.setting(&key).await? {
            Some(value) => in_force = Some(value),
            None => break,
        }
    }
    // What cannot be read is told by the permissions.
    let ours = folder.existing_secret().ok().flatten().map(|key| Secret::new(key).check_value());
    let check = match (&in_force, &ours) {
        (None, _) => Check::new("KEYS_SECRET", "chưa ghi nhận", "not recorded yet"),
        (Some(_), None) => Check::new("KEYS_SECRET", "không đọc được", "cannot be read"),
        (Some(theirs), Some(ours)) if theirs == ours => {
            Check::new("KEYS_SECRET", "đúng khóa của cơ sở dữ liệu", "that of the database")
        }
        (Some(_), Some(_)) => Check::new(
            "KEYS_SECRET",
            "khác khóa của cơ sở dữ liệu",
            "another than that of the database",
        ),
    };
    Ok(check.error_if(
        in_force.is_some() && in_force != ours,
        "Dùng chung --keys giữa các nút, hoặc khôi phục secret.key từ bản sao lưu.",
        "Let all nodes use the same --keys, or restore secret.key from the backup.",
    ))
}

/// Nodes of one database need the same documents and keys.
fn shared(folder: &Folder) -> Check {
    let own = folder.foreign_keys().is_none() || folder.documents().starts_with(folder.path());
    let check = match own {
        true => {
            Check::new("FOLDERS_SHARED", "nằm trong thư mục của một nút", "in one node's folder")
        }
        false => Check::new("FOLDERS_SHARED", "ngoài thư mục của nút", "outside the node's folder"),
    };
    check.warning_if(
        own,
        "Có nhiều nút thì dùng chung --documents và --keys.",
        "With several nodes let all use the same --documents and --keys.",
    )
}

fn documents_folder(path: &Path) -> Check {
    let writable = |path: &Path| {
        !path.exists() || access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_ok()
    };
    let parts = [path.to_owned(), path.join("documents"), path.join("uploads")];
    let fine = parts.iter().all(|part| writable(part));
    Check::plain("DOCUMENTS_FOLDER", path.display().to_string()).error_if(
        !fine,
        "Cho người chạy dịch vụ quyền đọc và ghi thư mục này.",
        "Let whoever runs the service read and write this folder.",
    )
}

/// Whether the documents that histories name are there.
async fn documents(folder: &Path, glance: &Glance) -> anyhow::Result<Check> {
    let (mut after, mut looked, mut missing) = (String::new(), 0, Vec::new());
    while looked < DOCUMENTS_CHECKED_MAX {
        let page = glance.documents(true, &after).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(last);
        looked += page.len();
        missing.extend(page.into_iter().filter(|sha256| {
            manifest::document_path(sha256).is_none_or(|path| !folder.join(path).exists())
        }));
    }
    let count = missing.len();
    let first = missing.first().cloned().unwrap_or_default();
    let check = match count {
        0 => Check::new(
            "DOCUMENTS_PRESENT",
            format!("đã xem {looked}, đủ"),
            format!("{looked} looked for, all there"),
        ),
        _ => Check::new(
            "DOCUMENTS_PRESENT",
            format!("thiếu {count}, như {first}"),
            format!("{count} missing, such as {first}"),
        ),
    };
    Ok(check.error_if(
        count > 0,
        "Khôi phục các tệp từ bản sao lưu, hoặc chỉ đúng thư mục bằng --documents.",
        "Restore the files from the backup, or name the right folder with --documents.",
    ))
}

/// Files of uploads that nobody knows of.
async fn uploads(folder: &Path, glance: &Glance) -> anyhow::Result<Check> {
    let entries = match fs::read_dir(folder.join("uploads")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(Check::new("UPLOADS", "chưa có", "none yet"));
        }
        Err(error) => return Err(error.into()),
    };
    let now = SystemClock.now();
    let (mut under_way, mut orphans) = (0, 0);
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".part"));
        let known = match id.and_then(|id| Uuid::parse_str(id).ok()) {
            Some(id) => glance.has_upload(id).await?,
            None => false,
        };
        // It may be finished or discarded meanwhile.
        let changed = entry.metadata().and_then(|found| found.modified()).ok();
        let changed = changed.and_then(|at| Timestamp::try_from(at).ok());
        let is_settled = changed.is_some_and(|at| now.duration_since(at) > UPLOAD_SETTLED);
        match known || !is_settled {
            true => under_way += 1,
            false => orphans += 1,
        }
    }
    Ok(Check::new(
        "UPLOADS",
        format!("{under_way} đang tải, {orphans} không ai biết"),
        format!("{under_way} under way, {orphans} that nobody knows of"),
    )
    .warning_if(
        orphans > 0,
        "Các tệp cũ trong uploads/ không có trong cơ sở dữ liệu có thể xóa.",
        "Old files in uploads/ that the database does not know may be removed.",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn little_room_is_a_warning_and_next_to_none_an_error() {
        for (free, wanted) in [
            (20 * GIB, Status::Fine),
            (DISK_WARN_BYTES - 1, Status::Warning),
            (DISK_ERROR_BYTES - 1, Status::Error),
            (0, Status::Error),
        ] {
            assert_eq!(of_room("DISK_DATA", free).status, wanted, "{free}");
        }
        assert_eq!(of_room("DISK_DATA", 3 * GIB / 2).found.en, "1.5 GiB free");
    }
}

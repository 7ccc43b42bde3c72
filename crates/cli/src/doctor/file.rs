//! Checks of a SQLite file.

use motcua_store_sql::SqliteLook;

use super::Check;

/// `PRAGMA synchronous` of FULL.
const SYNCHRONOUS_FULL: i64 = 2;

pub(super) fn checks(look: &SqliteLook) -> Vec<Check> {
    let restore = (
        "Dừng dịch vụ và khôi phục từ bản sao lưu (`motcua restore`).",
        "Stop the service and restore the backup (`motcua restore`).",
    );
    let synchronous = match look.synchronous {
        SYNCHRONOUS_FULL => "FULL".to_owned(),
        other => other.to_string(),
    };
    let faults = match &look.faults {
        Ok(faults) if faults.is_empty() => {
            Check::new("SQLITE_CHECK", "tệp nguyên vẹn", "the file is sound")
        }
        Ok(faults) => {
            Check::plain("SQLITE_CHECK", faults.join("; ")).error_if(true, restore.0, restore.1)
        }
        // A page that cannot be read ends the check that would name it.
        Err(error) => Check::new(
            "SQLITE_CHECK",
            format!("không xem được: {error}"),
            format!("could not be looked at: {error}"),
        )
        .error_if(true, restore.0, restore.1),
    };
    let checked = if look.foreign_keys == 1 { "on" } else { "off" };
    let foreign_keys = match &look.foreign_key_faults {
        Ok(broken) => Check::new(
            "SQLITE_FOREIGN_KEYS",
            format!("{checked}, {broken} dòng trỏ vào chỗ trống"),
            format!("{checked}, {broken} rows refer to none"),
        )
        .error_if(*broken > 0 || look.foreign_keys != 1, restore.0, restore.1),
        Err(error) => Check::unseen("SQLITE_FOREIGN_KEYS", error),
    };
    vec![
        Check::plain("SQLITE_VERSION", &look.library).error_if(
            !look.library_is_sound,
            "Thư viện này có thể mất giao dịch: dùng bản chương trình được biên dịch lại.",
            "This library may lose commits: use a program that was built with a newer one.",
        ),
        Check::plain("SQLITE_JOURNAL", &look.journal_mode).warning_if(
            look.journal_mode != "wal",
            "Dịch vụ đặt WAL khi khởi động; bản vừa khôi phục chưa khởi động lần nào.",
            "The service sets WAL at its start; a file that was restored was not started yet.",
        ),
        Check::plain("SQLITE_SYNCHRONOUS", synchronous).error_if(
            look.synchronous != SYNCHRONOUS_FULL,
            "Chương trình không đặt được synchronous=FULL: báo cho người phát triển.",
            "The program could not set synchronous=FULL: report it.",
        ),
        faults,
        foreign_keys,
    ]
}

#[cfg(test)]
mod tests {
    use motcua_store::StoreError;

    use super::super::Status;
    use super::*;

    fn sound() -> SqliteLook {
        SqliteLook {
            library: "3.51.3".into(),
            library_is_sound: true,
            journal_mode: "wal".into(),
            synchronous: SYNCHRONOUS_FULL,
            foreign_keys: 1,
            faults: Ok(Vec::new()),
            foreign_key_faults: Ok(0),
            last_event: Ok(None),
        }
    }

    fn errors(change: impl FnOnce(&mut SqliteLook)) -> Vec<&'static str> {
        let mut look = sound();
        change(&mut look);
        let wrong = checks(&look).into_iter().filter(|check| check.status == Status::Error);
        wrong.map(|check| check.code).collect()
    }

    #[test]
    fn each_fault_of_a_file_has_its_code() {
        assert!(errors(|_| ()).is_empty());
        assert_eq!(errors(|look| look.library_is_sound = false), ["SQLITE_VERSION"]);
        assert!(errors(|look| look.journal_mode = "delete".into()).is_empty(), "a warning");
        assert_eq!(errors(|look| look.synchronous = 1), ["SQLITE_SYNCHRONOUS"]);
        assert_eq!(errors(|look| look.faults = Ok(vec!["page 3".into()])), ["SQLITE_CHECK"]);
        assert_eq!(errors(|look| look.foreign_key_faults = Ok(1)), ["SQLITE_FOREIGN_KEYS"]);
        let failed = || StoreError::Unavailable("the disk image is malformed".into());
        assert_eq!(errors(|look| look.faults = Err(failed())), ["SQLITE_CHECK"]);
        let wrong = errors(|look| look.foreign_key_faults = Err(failed()));
        assert_eq!(wrong, ["SQLITE_FOREIGN_KEYS"]);
    }
}

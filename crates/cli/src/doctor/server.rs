//! Checks of a PostgreSQL server.

use motcua_store_sql::{Options, PostgresHealth, PostgresLook, PostgresParts, SERVER_MAJOR_MIN};

use super::Check;

/// Age of an open transaction from which it keeps dead rows and locks in the way, in seconds.
const TRANSACTION_WARN_S: i64 = 600;
/// Transactions since the oldest row that is not frozen; at two thousand million the server stops.
const FROZEN_AGE_WARN: i64 = 500_000_000;
const FROZEN_AGE_ERROR: i64 = 1_500_000_000;

/// What one statement tells, and another.
const HEALTH: [&str; 6] = [
    "PG_ARCHIVING",
    "PG_REPLICATION",
    "PG_CONNECTIONS",
    "PG_LONG_TRANSACTION",
    "PG_AUTOVACUUM",
    "PG_FROZEN_AGE",
];
const PARTS: [&str; 2] = ["HISTORY_PARTS", "HISTORY_REST"];

pub(super) fn checks(look: &PostgresLook, options: &Options) -> Vec<Check> {
    let mut checks = durability(look);
    match &look.health {
        Ok(health) => {
            checks.extend(recovery(look, health));
            checks.push(connections(look, health, options));
            checks.extend(upkeep(look, health));
        }
        Err(error) => checks.extend(HEALTH.map(|code| Check::unseen(code, error))),
    }
    match &look.parts {
        Ok(found) => checks.extend(parts(found)),
        Err(error) => checks.extend(PARTS.map(|code| Check::unseen(code, error))),
    }
    checks
}

/// What a node refuses to start without.
fn durability(look: &PostgresLook) -> Vec<Check> {
    let turn_on = (
        "Bật lại: điều đã xác nhận sẽ mất khi mất điện.",
        "Turn it on: what was acknowledged would not survive a loss of power.",
    );
    let major = look.version / 10_000;
    vec![
        Check::plain("PG_VERSION", format!("{major}.{}", look.version % 10_000)).error_if(
            major < SERVER_MAJOR_MIN,
            "Nâng cấp PostgreSQL lên 15 trở lên.",
            "Bring PostgreSQL to version 15 or newer.",
        ),
        Check::plain("PG_FSYNC", &look.fsync).error_if(look.fsync == "off", turn_on.0, turn_on.1),
        Check::plain("PG_FULL_PAGE_WRITES", &look.full_page_writes).error_if(
            look.full_page_writes == "off",
            turn_on.0,
            turn_on.1,
        ),
        Check::plain("PG_SYNCHRONOUS_COMMIT", &look.synchronous_commit).error_if(
            ["off", "local"].contains(&&*look.synchronous_commit),
            "Đặt thành on cho cơ sở dữ liệu hoặc vai trò này.",
            "Set it to on for this database or role.",
        ),
        Check::plain("PG_ENCODING", &look.encoding).error_if(
            look.encoding != "UTF8",
            "Tạo lại cơ sở dữ liệu với mã hóa UTF8.",
            "Create the database anew with the encoding UTF8.",
        ),
        Check::plain("PG_STANDBY", if look.is_standby { "standby" } else { "primary" }).error_if(
            look.is_standby,
            "Trỏ URL vào máy chính.",
            "Point the URL at the primary.",
        ),
        Check::plain("PG_CHECKSUMS", &look.data_checksums).warning_if(
            look.data_checksums == "off",
            "Dừng máy chủ và chạy `pg_checksums --enable`: hư hỏng đĩa sẽ được phát hiện.",
            "Stop the server and run `pg_checksums --enable`: damage of the disk is then noticed.",
        ),
    ]
}

/// What a restore to any instant, and a failover, need.
fn recovery(look: &PostgresLook, health: &PostgresHealth) -> Vec<Check> {
    let archives = look.wal_level != "minimal" && look.archive_mode != "off";
    let found = format!("wal_level {}, archive_mode {}", look.wal_level, look.archive_mode);
    let found = if health.archiving_fails { found + ", failing" } else { found };
    vec![
        Check::plain("PG_ARCHIVING", found)
            .error_if(
                archives && health.archiving_fails,
                "Xem nhật ký máy chủ: archive_command đang lỗi, WAL sẽ đầy đĩa.",
                "See the server's log: archive_command fails, and WAL will fill the disk.",
            )
            .warning_if(
                !archives,
                "Bật lưu trữ WAL để khôi phục về thời điểm bất kỳ (docs/postgres.md).",
                "Archive WAL, to restore to any instant (docs/postgres.md).",
            ),
        Check::new(
            "PG_REPLICATION",
            format!("{} máy dự phòng", health.standbys),
            format!("{} standbys", health.standbys),
        )
        .warning_if(
            health.standbys == 0,
            "Thêm máy dự phòng: hỏng máy chính thì dịch vụ dừng đến khi khôi phục xong.",
            "Add a standby: without one a lost primary stops the service until a restore.",
        ),
    ]
}

/// Room for one more node.
fn connections(look: &PostgresLook, health: &PostgresHealth, options: &Options) -> Check {
    // One listens where a queue is watched, and one feels whether the server answers.
    let needed = i64::from(options.read_connections) + i64::from(options.write_connections) + 2;
    let (max, used) = (look.connections_max, health.connections);
    let remedy = (
        "Tăng max_connections, hoặc giảm store_read_connections và store_write_connections.",
        "Raise max_connections, or lower store_read_connections and store_write_connections.",
    );
    Check::new(
        "PG_CONNECTIONS",
        format!("đang dùng {used} trên {max}; mỗi nút cần {needed}"),
        format!("{used} of {max} in use; a node needs {needed}"),
    )
    .error_if(needed > max, remedy.0, remedy.1)
    .warning_if(used + needed > max, remedy.0, remedy.1)
}

fn upkeep(look: &PostgresLook, health: &PostgresHealth) -> Vec<Check> {
    let seconds = health.oldest_transaction_s;
    let off = look.autovacuum == "off" || !health.unvacuumed.is_empty();
    let vacuum = (
        "Bật autovacuum (cả cho từng bảng): không có nó bảng phình ra và máy chủ sẽ dừng.",
        "Turn autovacuum on, of each table too: without it tables swell and the server stops.",
    );
    let age = health.frozen_age;
    let freeze = (
        "Tìm giao dịch cũ và khe sao chép, rồi chạy `vacuumdb --freeze`.",
        "Look for old transactions and replication slots, then run `vacuumdb --freeze`.",
    );
    vec![
        Check::plain("PG_LONG_TRANSACTION", format!("{seconds} s")).warning_if(
            seconds > TRANSACTION_WARN_S,
            "Tìm và kết thúc phiên đó trong pg_stat_activity.",
            "Find the session in pg_stat_activity and end it.",
        ),
        Check::plain(
            "PG_AUTOVACUUM",
            match health.unvacuumed.is_empty() {
                true => look.autovacuum.clone(),
                false => format!("{}, off: {}", look.autovacuum, health.unvacuumed),
            },
        )
        .warning_if(off, vacuum.0, vacuum.1),
        Check::plain("PG_FROZEN_AGE", format!("{age}"))
            .error_if(age > FROZEN_AGE_ERROR, freeze.0, freeze.1)
            .warning_if(age > FROZEN_AGE_WARN, freeze.0, freeze.1),
    ]
}

fn parts(found: &PostgresParts) -> [Check; 2] {
    let missing = &found.missing;
    let rest = found.events_in_rest;
    let check = match missing.is_empty() {
        true => Check::new("HISTORY_PARTS", "đủ cho nửa năm tới", "made for the next half year"),
        false => {
            Check::new("HISTORY_PARTS", format!("thiếu {missing}"), format!("missing {missing}"))
        }
    };
    [
        check.warning_if(
            !missing.is_empty(),
            "Một nút đang chạy sẽ tạo chúng; nếu không có nút nào, khởi động một nút.",
            "A node that runs makes them; start one.",
        ),
        Check::new(
            "HISTORY_REST",
            format!("{rest} sự kiện ngoài các phần theo quý"),
            format!("{rest} events outside the quarters"),
        )
        .warning_if(
            rest > 0,
            "Phần của quý đó được tạo quá muộn; dữ liệu vẫn đúng (docs/postgres.md).",
            "The part of their quarter was made too late; nothing is wrong (docs/postgres.md).",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use motcua_store::StoreError;

    use super::super::Status;
    use super::*;

    fn sound() -> PostgresLook {
        let on = || "on".to_owned();
        PostgresLook {
            version: 170_002,
            fsync: on(),
            full_page_writes: on(),
            synchronous_commit: on(),
            encoding: "UTF8".into(),
            wal_level: "replica".into(),
            archive_mode: on(),
            data_checksums: on(),
            autovacuum: on(),
            is_standby: false,
            connections_max: 97,
            health: Ok(PostgresHealth {
                connections: 12,
                standbys: 1,
                archiving_fails: false,
                oldest_transaction_s: 1,
                frozen_age: 1_000,
                unvacuumed: String::new(),
            }),
            parts: Ok(PostgresParts::default()),
        }
    }

    fn found(change: impl FnOnce(&mut PostgresLook)) -> Vec<(&'static str, Status)> {
        let mut look = sound();
        change(&mut look);
        let checks = checks(&look, &Options::default()).into_iter();
        let wrong = checks.filter(|check| check.status != Status::Fine);
        wrong.map(|check| (check.code, check.status)).collect()
    }

    fn health(change: impl FnOnce(&mut PostgresHealth)) -> Vec<(&'static str, Status)> {
        found(|look| change(look.health.as_mut().expect("it was looked at")))
    }

    fn parts(change: impl FnOnce(&mut PostgresParts)) -> Vec<(&'static str, Status)> {
        found(|look| change(look.parts.as_mut().expect("it was looked at")))
    }

    #[test]
    fn what_a_node_would_refuse_is_an_error() {
        use Status::Error;
        let off = || "off".to_owned();
        assert_eq!(found(|_| ()), []);
        assert_eq!(found(|look| look.version = 140_011), [("PG_VERSION", Error)]);
        assert_eq!(found(|look| look.fsync = off()), [("PG_FSYNC", Error)]);
        assert_eq!(found(|look| look.full_page_writes = off()), [("PG_FULL_PAGE_WRITES", Error)]);
        for weak in ["off", "local"] {
            let weak = found(|look| look.synchronous_commit = weak.into());
            assert_eq!(weak, [("PG_SYNCHRONOUS_COMMIT", Error)]);
        }
        assert_eq!(found(|look| look.encoding = "LATIN1".into()), [("PG_ENCODING", Error)]);
        assert_eq!(found(|look| look.is_standby = true), [("PG_STANDBY", Error)]);
        assert_eq!(found(|look| look.connections_max = 5), [("PG_CONNECTIONS", Error)]);
        assert_eq!(health(|it| it.archiving_fails = true), [("PG_ARCHIVING", Error)]);
    }

    #[test]
    fn what_can_wait_is_a_warning() {
        use Status::Warning;
        let off = || "off".to_owned();
        assert_eq!(found(|look| look.archive_mode = off()), [("PG_ARCHIVING", Warning)]);
        assert_eq!(found(|look| look.data_checksums = off()), [("PG_CHECKSUMS", Warning)]);
        assert_eq!(health(|it| it.standbys = 0), [("PG_REPLICATION", Warning)]);
        assert_eq!(health(|it| it.connections = 95), [("PG_CONNECTIONS", Warning)]);
        assert_eq!(found(|look| look.autovacuum = off()), [("PG_AUTOVACUUM", Warning)]);
        assert_eq!(health(|it| it.unvacuumed = "timer".into()), [("PG_AUTOVACUUM", Warning)]);
        assert_eq!(
            health(|it| it.oldest_transaction_s = 3_600),
            [("PG_LONG_TRANSACTION", Warning)]
        );
        assert_eq!(health(|it| it.frozen_age = 600_000_000), [("PG_FROZEN_AGE", Warning)]);
        assert_eq!(parts(|it| it.events_in_rest = 3), [("HISTORY_REST", Warning)]);
        let missing = parts(|it| it.missing = "event_2027q1".into());
        assert_eq!(missing, [("HISTORY_PARTS", Warning)]);
    }
    #[test]
    fn what_could_not_be_looked_at_is_told_in_its_place_and_nothing_else_is() {
        let failed = || StoreError::Unavailable("canceling statement".into());
        let wrong = found(|look| look.health = Err(failed()));
        assert_eq!(wrong, HEALTH.map(|code| (code, Status::Error)));
        let wrong = found(|look| look.parts = Err(failed()));
        assert_eq!(wrong, PARTS.map(|code| (code, Status::Error)));
    }
}

#!/bin/sh
# restore-to-instant.sh BASE WAL DATA INSTANT: a data folder that ends at an instant when it is started.
set -eu
pg_verifybackup "$1"
cp -a "$1" "$3"
chmod 700 "$3"
cat >>"$3/postgresql.auto.conf" <<END
archive_mode = 'off'
restore_command = 'cp "$2/%f" "%p"'
recovery_target_time = '$4'
recovery_target_action = 'promote'
END
touch "$3/recovery.signal"

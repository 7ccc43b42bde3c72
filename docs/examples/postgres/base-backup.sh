#!/bin/sh
# base-backup.sh URL DIR: a copy of the whole server from which WAL leads to any later instant.
set -eu
pg_basebackup --dbname="$1" --pgdata="$2" --checkpoint=fast --manifest-checksums=SHA256
pg_verifybackup "$2"

#!/bin/sh
# dump.sh URL FILE: the database at one instant, for a server of any later version.
set -eu
pg_dump --dbname="$1" --format=custom --file="$2"
pg_restore --list "$2" >/dev/null

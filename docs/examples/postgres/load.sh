#!/bin/sh
# load.sh FILE URL: a dump into an empty database with the encoding UTF8.
set -eu
pg_restore --dbname="$2" --no-owner --exit-on-error "$1"

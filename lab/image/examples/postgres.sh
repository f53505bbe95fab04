#!/bin/sh
# The beginning of postgres:17 as its own image has it: the first start makes the database, with the password of the
# superuser from a file; root gives itself up.
set -eu
[ "${1-}" = postgres ] || exec "$@"
if [ "$(id -u)" = 0 ]; then
  chmod 0700 "$PGDATA" || true
  find "$PGDATA" ! -user postgres -exec chown postgres {} +
  exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" --auth-local=trust --auth-host=scram-sha-256
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
fi
exec "$@"

#!/bin/sh
# The beginning of mariadb:11.8 as its own image has it: the first start makes the database and its user, with passwords
# from files; root gives itself up.
set -eu
[ "${1-}" = mariadbd ] || exec "$@"
data=/var/lib/mysql
if [ "$(id -u)" = 0 ]; then
  find "$data" ! -user mysql -exec chown mysql: {} +
  exec setpriv --reuid mysql --regid mysql --init-groups "$0" "$@"
fi
set -- "$@" --bind-address=0.0.0.0 --skip-name-resolve --pid-file=/run/mysqld/mysqld.pid
if [ ! -d "$data/mysql" ]; then
  mariadb-install-db --datadir="$data" --skip-test-db --auth-root-authentication-method=normal >/dev/null
  first=$(mktemp)
  cat >"$first" <<SQL
CREATE DATABASE $MARIADB_DATABASE;
CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$(cat "$MARIADB_PASSWORD_FILE")';
GRANT ALL ON $MARIADB_DATABASE.* TO '$MARIADB_USER'@'%';
ALTER USER 'root'@'localhost' IDENTIFIED BY '$(cat "$MARIADB_ROOT_PASSWORD_FILE")';
SQL
  set -- "$@" --init-file="$first"
fi
exec "$@"

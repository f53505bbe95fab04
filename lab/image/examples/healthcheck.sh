#!/bin/sh
# MariaDB's own, as far as --connect --innodb_initialized goes: who may not log in has been answered as well.
exec mariadb-admin --protocol=tcp --host=127.0.0.1 --connect-timeout=10 ping

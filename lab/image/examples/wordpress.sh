#!/bin/bash
# The beginning of wordpress:6-apache as its own image has it: what of WordPress is not there yet is put there.
set -euo pipefail
[ "${1-}" = apache2 ] || exec "$@"
cd /var/www/html
source=/usr/src/wordpress
if [ ! -e index.php ] && [ ! -e wp-includes/version.php ]; then
  skipped=()
  for place in "$source"/wp-content/*/*/; do
    place=${place#"$source"/}
    [ ! -e "$place" ] || skipped+=(--exclude "./${place%/}")
  done
  tar --create --file - --directory "$source" --owner www-data --group www-data "${skipped[@]}" . | tar --extract --file -
fi
[ -s wp-config.php ] || install -o www-data -g www-data -m 644 "$source/wp-config-docker.php" wp-config.php
# It asks for variables that are not set.
set +u
. /etc/apache2/envvars
exec "$@"

#!/bin/sh
# Makes the file system that all images of the examples share, a Debian with PostgreSQL, MariaDB, WordPress and nginx, laid
# out as the official images of Docker Hub have it. Needs root; nothing stays mounted however it ends.
#
#   tree.sh ROOT SUITE MIRROR PACKAGE...
set -eu
if [ "$1" != --inside ]; then
  exec unshare --mount --pid --fork --kill-child --mount-proc sh "$0" --inside "$@"
fi
shift
root=$1 suite=$2 mirror=$3
shift 3
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
here=${0%/*}

# Older debootstraps do not know the suite by name; all of them make it the way they make sid.
script=
[ -e "/usr/share/debootstrap/scripts/$suite" ] || script=/usr/share/debootstrap/scripts/sid
debootstrap --variant=minbase "$suite" "$root" "$mirror" $script

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mkdir -p "$root/etc/dpkg/dpkg.cfg.d" "$root/etc/postgresql-common"
printf 'path-exclude=/usr/share/%s/*\n' doc man locale >"$root/etc/dpkg/dpkg.cfg.d/examples"
echo 'create_main_cluster = false' >"$root/etc/postgresql-common/createcluster.conf"

in_root() { chroot "$root" "$@"; }
# The official images' numbers. Two of them are the same, as they are in two images.
in_root groupadd --system --gid 999 postgres
in_root useradd --system --uid 999 --gid postgres --home-dir /var/lib/postgresql postgres
in_root groupadd --system --gid 101 nginx
in_root useradd --system --uid 101 --gid nginx --home-dir /nonexistent nginx
in_root apt-get install --yes --no-install-recommends -qq "$@"
in_root groupmod --non-unique --gid 999 mysql
in_root usermod --non-unique --uid 999 mysql

# Everything belongs to root in the image, and what others write there stands open, as in the official ones.
# Inside, where the links that lead from /var/run to /run do not lead out.
for place in /var/lib/postgresql/data /var/lib/mysql /run/postgresql /run/mysqld /run/apache2 /run/lock/apache2 /var/www/html; do
  in_root rm -rf "$place"
  in_root mkdir -p "$place"
  in_root chmod 1777 "$place"
done
# WordPress as it is downloaded: no links to other packages, no configuration of Debian's.
mkdir -p "$root/usr/src"
in_root cp -aL /usr/share/wordpress /usr/src/wordpress
rm -rf "$root/usr/share/wordpress" "$root/usr/src/wordpress/wp-config.php"
cp "$here/wp-config.php" "$root/usr/src/wordpress/wp-config-docker.php"
in_root a2enmod --quiet rewrite
sed -i 's/AllowOverride None/AllowOverride All/' "$root/etc/apache2/apache2.conf"
ln -sf /dev/stdout "$root/var/log/apache2/other_vhosts_access.log"
ln -sf /dev/stdout "$root/var/log/apache2/access.log"
ln -sf /dev/stderr "$root/var/log/apache2/error.log"

rm -rf "$root/etc/nginx/conf.d" "$root/usr/share/nginx/html"
mkdir -p "$root/etc/nginx/conf.d" "$root/usr/share/nginx/html"
cp "$here/nginx.conf" "$root/etc/nginx/nginx.conf"
cp "$here/default.conf" "$root/etc/nginx/conf.d/default.conf"
echo '<h1>Welcome to nginx!</h1>' >"$root/usr/share/nginx/html/index.html"

for program in postgres mariadb wordpress; do
  install -m 755 "$here/$program.sh" "$root/usr/local/bin/$program-entrypoint"
done
install -m 755 "$here/healthcheck.sh" "$root/usr/local/bin/healthcheck.sh"
# Half of it all nobody calls: what compiles queries, tools, other languages. Machines that are emulated load it, each.
(
  cd "$root/usr"
  rm -rf lib/*/libLLVM* lib/*/libz3* lib/postgresql/*/lib/bitcode lib/postgresql/*/lib/llvmjit* share/locale share/doc share/man
  cd bin
  rm -f aria_* myisam* innochecksum perror replace resolve_stack_dump mariabackup
  for tool in binlog import upgrade slap check show conv plugin tzinfo-to-sql waitpid; do rm -f "mariadb-$tool"; done
)
in_root apt-get clean
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root/usr/sbin/policy-rc.d"
umount -l "$root/dev"
umount "$root/proc"

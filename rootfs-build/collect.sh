#!/bin/sh
# Collects the plugin's root file system from a Debian: the programs it runs, the libraries they load, and nothing else.
# Runs inside that Debian (a container or a chroot), so that every file is one a package put there.
#
#   collect.sh NODE TARGET
set -eu
node=$1
target=$2

# mount(8) and its NFS helpers; nft for the guard.
programs="/usr/bin/mount /usr/bin/umount /usr/sbin/mount.nfs /usr/sbin/nft"
# How mount.nfs chooses an RPC transport.
files="/etc/netconfig"

mkdir -p "$target"
cd "$target"
mkdir -p app dev etc mnt/volumes proc root run/docker/plugins sys tmp usr/bin usr/lib usr/lib64 usr/local/bin usr/sbin var
chmod 1777 tmp
for name in bin lib lib64 sbin; do ln -s "usr/$name" "$name"; done
ln -s ../run var/run

add() {
  # Debian's /lib is /usr/lib; ldd prints either.
  place=$(readlink -f "$(dirname "$1")")/$(basename "$1")
  [ ! -e ".$place" ] || return 0
  mkdir -p ".$(dirname "$place")"
  cp --dereference --preserve=mode "$place" ".$place"
}

add_libraries_of() {
  ldd "$1" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' |
    while read -r library; do add "$library"; done
}

cp "$node" usr/local/bin/node
chmod 0755 usr/local/bin/node
strip usr/local/bin/node
add_libraries_of "$node"
for program in $programs; do
  add "$program"
  add_libraries_of "$program"
done
for helper in mount.nfs4 umount.nfs umount.nfs4; do ln -s mount.nfs "usr/sbin/$helper"; done
for file in $files; do [ ! -e "$file" ] || add "$file"; done

printf 'root:x:0:0:root:/root:/usr/sbin/nologin\n' >etc/passwd
printf 'root:x:0:\n' >etc/group
printf 'passwd: files\ngroup: files\nhosts: files dns\n' >etc/nsswitch.conf
grep -E '^(ID|VERSION_ID|VERSION_CODENAME|PRETTY_NAME)=' /etc/os-release >etc/os-release

# Every program must start here, without the Debian around it.
for program in /usr/local/bin/node $programs; do
  case $program in */mount.nfs) flag=-V ;; *) flag=--version ;; esac
  chroot . "$program" $flag >/dev/null
done

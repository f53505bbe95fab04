#!/bin/sh
# Collects the base of a root file system from a Debian: the programs it runs, the libraries they load, and nothing else.
# Runs inside that Debian (a container or a chroot), so that every file is one a package put there.
#
#   PROGRAMS="/usr/bin/mount …" LINKS="NAME=TARGET …" FILES="/etc/netconfig …" FOLDERS="mnt …" collect.sh NODE TARGET
set -eu
node=$1
target=$2

mkdir -p "$target"
cd "$target"
mkdir -p app dev etc proc root run sys tmp usr/bin usr/lib usr/lib64 usr/local/bin usr/sbin var
chmod 1777 tmp
for name in bin lib lib64 sbin; do ln -s "usr/$name" "$name"; done
ln -s ../run var/run
for folder in $FOLDERS; do mkdir -p "$folder"; done

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
for program in $PROGRAMS; do
  add "$program"
  add_libraries_of "$program"
done
for link in $LINKS; do ln -s "${link#*=}" ".${link%%=*}"; done
for file in $FILES; do [ ! -e "$file" ] || add "$file"; done

printf 'root:x:0:0:root:/root:/usr/sbin/nologin\n' >etc/passwd
printf 'root:x:0:\n' >etc/group
printf 'passwd: files\ngroup: files\nhosts: files dns\n' >etc/nsswitch.conf
grep -E '^(ID|VERSION_ID|VERSION_CODENAME|PRETTY_NAME)=' /etc/os-release >etc/os-release

# Every program must start here, without the Debian around it: the loader finds all it needs.
for program in /usr/local/bin/node $PROGRAMS; do
  libraries=$(LD_TRACE_LOADED_OBJECTS=1 chroot . "$program")
  case $libraries in *"not found"*) echo "$program lacks libraries: $libraries" >&2; exit 1 ;; esac
done
chroot . /usr/local/bin/node --version >/dev/null

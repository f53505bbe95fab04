#!/bin/sh
# Fills DATA, a /var/lib/docker of lab machines, with the lab's own Docker Engine run in ROOT by the machine underneath, at
# its full speed: an emulated machine takes a minute for one `docker plugin create`. What is put in says FILL, a script
# that this one reads when the engine answers, with the arguments; each FOLDER is given to it below /run/given, by its own
# name. Needs root; leaves nothing running.
#
#   docker-data.sh ROOT DATA FILL FOLDER... -- [ARGUMENT...]
set -eu
if [ "$1" != --inside ]; then
  exec unshare --mount --net --uts --ipc --pid --fork --kill-child --mount-proc sh "$0" --inside "$@"
fi
shift
root=$1 data=$2 fill=$3
shift 3

mkdir -p "$data"
# What Docker wants to write besides its data must not stay in the tree.
mount -t tmpfs scratch /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
root=/mnt/root
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs run "$root/run"
mkdir -p "$root/var/lib/docker"
mount --bind "$data" "$root/var/lib/docker"
while [ "$1" != -- ]; do
  mkdir -p "$root/run/given/${1##*/}"
  mount --bind "$1" "$root/run/given/${1##*/}"
  shift
done
shift
ip link set lo up
echo '127.0.0.1 localhost registry.lan' >"$root/etc/hosts"
cp "$fill" "$root/run/fill.sh"

cat >"$root/run/engine.sh" <<'ENGINE'
set -eu
fail() {
  for log in /run/*.log; do tail -n 5 "$log" >&2; done
  exit 1
}
containerd >/run/containerd.log 2>&1 &
dockerd --containerd /run/containerd/containerd.sock --insecure-registry registry.lan:5000 --iptables=false --ip6tables=false --bridge=none >/run/dockerd.log 2>&1 &
dockerd=$!
late=$(($(date +%s) + 180))
until docker version >/dev/null 2>&1; do
  kill -0 "$dockerd" && [ "$(date +%s)" -lt "$late" ] || fail
  sleep 0.1
done

# A root with a shell and its tools, and nothing else.
shell() {
  mkdir -p "$1/bin" "$1/tmp"
  cp /usr/bin/busybox "$1/bin/"
  for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
  done
}
import() {
  root=$1
  shift
  tar --create --directory "$root" . | docker import "$@"
}

shell /run/busybox
import /run/busybox --change 'CMD ["sh"]' - busybox
docker tag busybox busybox:stable
. /run/fill.sh

kill "$dockerd"
wait "$dockerd" || true
# Every machine must find out who it is by itself.
rm -f /var/lib/docker/engine-id
ENGINE
chroot "$root" sh /run/engine.sh "$@"

#!/bin/sh
# Fills DATA, the /var/lib/docker of lab nodes, with the lab's own Docker Engine run in ROOT by the machine underneath, at
# its full speed: an emulated machine takes a minute for one `docker plugin create`. Needs root; leaves nothing running.
#
#   docker-data.sh ROOT DATA PLUGIN-FOLDER
set -eu
if [ "$1" != --inside ]; then
  exec unshare --mount --net --uts --ipc --pid --fork --kill-child --mount-proc sh "$0" --inside "$@"
fi
shift
root=$1 data=$2 plugin=$3

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
mkdir -p "$root/var/lib/docker" "$root/run/plugin"
mount --bind "$data" "$root/var/lib/docker"
mount --bind "$plugin" "$root/run/plugin"
ip link set lo up

cat >"$root/run/fill.sh" <<'FILL'
set -eu
containerd >/run/containerd.log 2>&1 &
dockerd --containerd /run/containerd/containerd.sock --iptables=false --ip6tables=false --bridge=none >/run/dockerd.log 2>&1 &
dockerd=$!
until docker version >/dev/null 2>&1; do
  kill -0 "$dockerd" || { tail -n 5 /run/containerd.log /run/dockerd.log >&2; exit 1; }
  sleep 0.1
done
mkdir -p /run/busybox/bin /run/busybox/tmp
cp /usr/bin/busybox /run/busybox/bin/
for applet in $(busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "/run/busybox/bin/$applet"
done
tar --create --directory /run/busybox . | docker import --change 'CMD ["sh"]' - busybox
docker plugin create swarmnfs /run/plugin
kill "$dockerd"
wait "$dockerd" || true
# Every node must find out who it is by itself.
rm -f /var/lib/docker/engine-id
FILL
chroot "$root" sh /run/fill.sh

#!/bin/sh
# Fills DATA, the /var/lib/docker of lab nodes, and REGISTRY, what the lab's registry keeps, with the lab's own Docker
# Engine and registry run in ROOT by the machine underneath, at its full speed: an emulated machine takes a minute for one
# `docker plugin create`. The registry gets the plugin as swarmnfs:TAG, and as swarmnfs:next the same once more, as
# another build. Needs root; leaves nothing running.
#
#   docker-data.sh ROOT DATA REGISTRY PLUGIN-FOLDER TAG
set -eu
if [ "$1" != --inside ]; then
  exec unshare --mount --net --uts --ipc --pid --fork --kill-child --mount-proc sh "$0" --inside "$@"
fi
shift
root=$1 data=$2 registry=$3 plugin=$4 tag=$5

mkdir -p "$data" "$registry"
# What Docker wants to write besides its data must not stay in the tree.
mount -t tmpfs scratch /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
root=/mnt/root
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs run "$root/run"
mkdir -p "$root/var/lib/docker" "$root/var/lib/docker-registry" "$root/run/plugin"
mount --bind "$data" "$root/var/lib/docker"
mount --bind "$registry" "$root/var/lib/docker-registry"
mount --bind "$plugin" "$root/run/plugin"
ip link set lo up
echo '127.0.0.1 localhost registry.lan' >"$root/etc/hosts"

cat >"$root/run/fill.sh" <<'FILL'
set -eu
tag=$1
repository=registry.lan:5000/swarmnfs

cat >/run/registry.yml <<'REGISTRY'
version: 0.1
storage: {filesystem: {rootdirectory: /var/lib/docker-registry}}
http: {addr: ":5000"}
REGISTRY
docker-registry serve /run/registry.yml >/run/registry.log 2>&1 &
registry=$!
containerd >/run/containerd.log 2>&1 &
dockerd --containerd /run/containerd/containerd.sock --insecure-registry registry.lan:5000 --iptables=false --ip6tables=false --bridge=none >/run/dockerd.log 2>&1 &
dockerd=$!
late=$(($(date +%s) + 180))
until docker version >/dev/null 2>&1 && busybox wget -q -O- http://registry.lan:5000/v2/ >/dev/null 2>&1; do
  kill -0 "$dockerd" && kill -0 "$registry" && [ "$(date +%s)" -lt "$late" ] || {
    for log in /run/*.log; do tail -n 5 "$log" >&2; done
    exit 1
  }
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

# nginx as the image of that name has it: pages in /usr/share/nginx/html, logs on the container's output, a shell.
shell /run/nginx
for file in /usr/sbin/nginx $(ldd /usr/sbin/nginx | grep -o '/[^ ]*'); do
  mkdir -p "/run/nginx$(dirname "$file")"
  cp --dereference "$file" "/run/nginx$file"
done
mkdir -p /run/nginx/etc/nginx /run/nginx/usr/share/nginx/html /run/nginx/var/lib/nginx /run/nginx/run
cp /etc/nginx/mime.types /run/nginx/etc/nginx/
cp /usr/share/nginx/html/index.html /run/nginx/usr/share/nginx/html/
grep -E '^(root|www-data):' /etc/passwd >/run/nginx/etc/passwd
grep -E '^(root|www-data):' /etc/group >/run/nginx/etc/group
cat >/run/nginx/etc/nginx/nginx.conf <<'NGINX'
user www-data;
error_log /dev/stderr notice;
pid /run/nginx.pid;
events {}
http {
  include mime.types;
  access_log /dev/stdout;
  server {
    listen 80;
    root /usr/share/nginx/html;
  }
}
NGINX
import /run/nginx --change 'CMD ["nginx", "-g", "daemon off;"]' --change 'STOPSIGNAL SIGQUIT' --change 'ENV PATH=/usr/sbin:/usr/bin:/bin' - nginx:alpine

publish() {
  docker plugin create "$1" "$2"
  docker plugin push "$1"
  docker plugin rm "$1"
}
# Docker keeps no two plugins of one content.
cp -a /run/plugin /run/next
echo "$(cat /run/plugin/rootfs/app/build).next" >/run/next/rootfs/app/build
publish "$repository:next" /run/next
publish "$repository:$tag" /run/plugin
docker plugin install --disable --grant-all-permissions --alias swarmnfs "$repository:$tag"

kill "$dockerd"
wait "$dockerd" || true
kill "$registry"
wait "$registry" || true
# Every node must find out who it is by itself.
rm -f /var/lib/docker/engine-id
FILL
chroot "$root" sh /run/fill.sh "$tag"

#!/bin/sh
# Makes a GlusterFS volume for swarmnfs: three machines, and each has all of it. To be run once, on the first of the three, as
# root; where it was interrupted it can be run again.
#
#   sh make-volume.sh VOLUME BRICK NODE1 NODE2 NODE3
#   sh make-volume.sh swarm /data/brick/swarm gluster1 gluster2 gluster3
#
# BRICK is a directory, the same on each, on a disk that has nothing else to do. It must not be the top of the disk, so that
# nothing is written below a disk that is not mounted: make /data/brick, and mount the disk at /data. FORCE=1 takes any.
set -eu
[ $# = 5 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
volume=$1 brick=$2
shift 2
gluster() { command gluster --mode=script "$@"; }

for node in "$@"; do
  gluster peer probe "$node"
done
# A machine that was just found is not told everything yet.
tries=0
until [ "$(gluster pool list | grep -c Connected)" -ge 3 ]; do
  tries=$((tries + 1))
  [ $tries -lt 60 ] || { echo "The three do not see each other: gluster pool list" >&2; exit 1; }
  sleep 1
done

if ! gluster volume info "$volume" >/dev/null 2>&1; then
  gluster volume create "$volume" replica 3 "$1:$brick" "$2:$brick" "$3:$brick" ${FORCE:+force}
fi

set_all() {
  while read -r option value; do
    gluster volume set "$volume" "$option" "$value" >/dev/null
  done
}
# Nobody writes without two of the three: without it each part of a network that fell apart would go its own way.
# Then how long all wait for a machine that is silent. Then the caches of each client, which would show a node what another
# one has changed a second late, or say "stale": swarmnfs needs them off, and so do databases.
set_all <<'OPTIONS'
cluster.quorum-type auto
network.ping-timeout 15
performance.stat-prefetch off
performance.quick-read off
performance.open-behind off
performance.read-ahead off
performance.io-cache off
performance.readdir-ahead off
performance.write-behind off
OPTIONS

gluster volume status "$volume" >/dev/null 2>&1 || gluster volume start "$volume"
gluster volume info "$volume"

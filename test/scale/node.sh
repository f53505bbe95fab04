#!/bin/sh
# A machine of name spaces: own mounts, network, processes and host name, on a system that it cannot change. It lives until
# its standard input ends, and then all that runs in it is gone, as when its plug is pulled; its disk, FOLDER, stays.
#
#   unshare --mount --net --uts --pid --fork --kill-child sh node.sh SYSTEM FOLDER NAME
set -eu
system=$1 folder=$2 name=$3
root=$folder/root
mount --make-rprivate /
mkdir -p "$root" "$folder/upper" "$folder/work" "$folder/data"
mount -t overlay overlay -o "lowerdir=$system,upperdir=$folder/upper,workdir=$folder/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
# Bricks need a file system with attributes of the kind "trusted", which an overlay keeps to itself.
mkdir -p "$root/data"
mount --bind "$folder/data" "$root/data"
hostname "$name"
ip link set lo up
echo ready
cat >/dev/null

#!/bin/sh
# A box for one Docker Engine: own mounts, network, processes, host name and control groups, so that nothing in it is
# seen or touched outside, and all of it is gone when the box ends. In the box /run is empty, /var/lib is FOLDER/var-lib,
# /etc can be written without a trace, and further directories appear where asked.
#
#   box.sh FOLDER HOSTNAME [SOURCE:TARGET]...
#
# Prints "ready PID" (PID: the box's first process, for nsenter), then lives until its standard input ends: a caller
# that dies, however it dies, takes the box with it. FOLDER goes too, unless there is a file FOLDER/keep.
set -eu

# Where this process may make a control group, one line for each hierarchy. In version 1 that is below our own group,
# so that its limits hold for the box; in version 2 a group with processes cannot hand on controllers, so it is the top.
group_parents() {
  while read -r _ kind_and_root; do
    kind=${kind_and_root%% *} root=${kind_and_root#* }
    own=
    [ "$kind" = cgroup2 ] || own=$(own_group "$root")
    if [ -d "$root$own" ]; then echo "$root$own"; else echo "$root"; fi
  done <<LIST
$(awk '$3 == "cgroup" || $3 == "cgroup2" { print "x", $3, $2 }' /proc/mounts)
LIST
}

# Our own group in the hierarchy mounted at $1 ("" for the top).
own_group() {
  options=$(awk -v at="$1" '$2 == at { print $4 }' /proc/mounts | head -n 1)
  while IFS=: read -r _ controllers path; do
    case ",$options," in *",$controllers,"*) [ "$path" = / ] || echo "$path"; return ;; esac
  done </proc/self/cgroup
}

outside() {
  folder=$1
  mkdir -p "$folder/var-lib"
  exec 8>"$folder/lock"
  flock -n 8 || { echo "box.sh: another box lives in $folder" >&2; exit 1; }
  group=swarmnfs-box-$$
  parents=$(group_parents)
  # The caller ends a box by closing its input; a terminal's Ctrl-C is the caller's affair.
  trap '' INT HUP
  exec 9<&0
  sh "$0" --join "$group" "$@" <&9 9<&- 8>&- &
  trap 'kill -9 $! 2>/dev/null' TERM
  status=0
  wait $! || status=$?
  # A trapped signal ends the first wait early.
  wait $! 2>/dev/null || true
  for parent in $parents; do
    [ ! -d "$parent/$group" ] || find "$parent/$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
  done
  [ -e "$folder/keep" ] || rm -rf --one-file-system "$folder"
  return "$status"
}

# Enters new control groups, then the name spaces, so that the groups are the top of what the box can see.
join() {
  group=$1
  shift
  for parent in $(group_parents); do
    mkdir -p "$parent/$group"
    for file in cpuset.cpus cpuset.mems; do
      [ ! -e "$parent/$group/$file" ] || [ ! -e "$parent/cgroup.clone_children" ] ||
        cat "$parent/$file" >"$parent/$group/$file"
    done
    echo $$ >"$parent/$group/cgroup.procs"
  done
  exec unshare --mount --net --uts --ipc --cgroup --pid --fork --kill-child sh "$0" --inside "$@"
}

inside() {
  folder=$1 name=$2
  shift 2
  # Still the outer /proc: this is the number by which the outside knows us.
  read -r pid _ </proc/self/stat
  resolvers=$(cat /etc/resolv.conf 2>/dev/null || true)

  mount -t proc proc /proc
  mount -t sysfs sysfs /sys
  own_groups
  mount -t tmpfs -o mode=755 run /run
  mkdir -p /run/lock /run/box/etc /run/box/work
  mount -t overlay -o lowerdir=/etc,upperdir=/run/box/etc,workdir=/run/box/work etc /etc
  rm -f /etc/resolv.conf /etc/hosts
  echo "$resolvers" >/etc/resolv.conf
  printf '127.0.0.1\tlocalhost %s\n' "$name" >/etc/hosts
  mount --bind "$folder/var-lib" /var/lib
  for bind in "$@"; do
    mkdir -p "${bind#*:}"
    mount --bind "${bind%%:*}" "${bind#*:}"
  done
  # As systemd leaves it: without this, mounts made by the plugin would not reach the containers.
  mount --make-rshared /

  hostname "$name"
  ip link set lo up
  echo "ready $pid"
  # Not read(1) in a loop: wait(1) also reaps the orphans that end up with us, and a killed containerd that stays a
  # zombie looks alive to dockerd.
  exec 9<&0
  cat <&9 >/dev/null &
  wait $!
}

# The hierarchies as the box sees them, with its own groups at the top.
own_groups() {
  if ! grep -qvE '^(0|[0-9]+:name=.*):' /proc/self/cgroup; then
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mkdir -p /sys/fs/cgroup/init
    echo 1 >/sys/fs/cgroup/init/cgroup.procs
    for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
      echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || true
    done
    return
  fi
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  while IFS=: read -r _ controllers _; do
    case $controllers in
      "") at=unified ;;
      name=*) at=${controllers#name=} ;;
      *) at=$controllers ;;
    esac
    mkdir "/sys/fs/cgroup/$at"
    case $controllers in
      "") mount -t cgroup2 cgroup2 "/sys/fs/cgroup/$at" ;;
      name=*) mount -t cgroup -o "none,$controllers" cgroup "/sys/fs/cgroup/$at" ;;
      *) mount -t cgroup -o "$controllers" cgroup "/sys/fs/cgroup/$at" ;;
    esac
  done </proc/self/cgroup
}

case ${1-} in
  --join) shift; join "$@" ;;
  --inside) shift; inside "$@" ;;
  *) outside "$@" ;;
esac

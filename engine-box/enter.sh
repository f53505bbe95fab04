#!/bin/sh
# Runs a command in a box: enter.sh PID COMMAND [ARGUMENT]... with PID as box.sh printed it.
set -eu
if [ "$1" != --inside ]; then
  pid=$1
  shift
  exec nsenter --target "$pid" --mount --net --uts --ipc --cgroup --pid -- sh "$0" --inside "$@"
fi
shift
# nsenter changes what we see, not which control groups we count in.
for procs in /sys/fs/cgroup/init/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do
  [ ! -e "$procs" ] || echo $$ >"$procs"
done
exec "$@"

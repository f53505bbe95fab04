#!/bin/sh
# The first process of a lab machine: everything systemd would do that the lab needs, up in seconds. It comes into the
# machine from outside at every boot (QEMU's fw_cfg), as its configuration does, so images need not be made anew for it.
given=/sys/firmware/qemu_fw_cfg/by_name/opt/lab
# NAME, ROLE (node, nas or storage), ADDRESS on the lab's Ethernet.
. $given/config/raw

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
log=/var/log/lab
mkdir -p $log

mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# As systemd leaves it: without this, mounts made by the plugin would not reach the containers.
mount --make-rshared /
mkdir -p /run/lock /run/sshd /run/rpc_pipefs /run/lab
mount -o remount,rw /

# --- name and network: eth0 is the lab's Ethernet, eth1 leads to whoever controls the lab
hostname "$NAME"
echo "$NAME" >/etc/hostname
[ -s /etc/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
cat $given/hosts/raw >/etc/hosts
# A machine may have moved (the fault "address-changed").
[ ! -s /etc/lab-address ] || ADDRESS=$(cat /etc/lab-address)
ip link set lo up
ip addr add "$ADDRESS/24" dev eth0
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth1
ip link set eth1 up

# --- control
mkdir -p -m 700 /root/.ssh
cat $given/key/raw >/root/.ssh/authorized_keys
chmod 600 /root/.ssh/authorized_keys
chmod 755 /root /
[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
/usr/sbin/sshd -o ListenAddress=10.0.2.15 -o HostKey=/etc/ssh/ssh_host_ed25519_key -o UsePAM=no -o UseDNS=no -o MaxSessions=100 -E $log/sshd.log

# --- names: a resolver of its own on every machine, so that its death is one machine's affair
sed 's/ nas.lan.*/& registry.lan/' $given/names/raw >/etc/lab-names
echo 'nameserver 127.0.0.1' >/etc/resolv.conf
dnsmasq --no-resolv --no-hosts --addn-hosts=/etc/lab-names --listen-address=127.0.0.1 --bind-interfaces --user=root --pid-file=/run/dnsmasq.pid

# Runs a lasting program, again and again as systemd would, until lab-off or a file /run/lab/NAME.held says otherwise.
keep() {
  program=$1
  (
    while :; do
      while [ -e "/run/lab/$program.held" ]; do sleep 0.5; done
      "$@" >>"$log/$program.log" 2>&1
      sleep 0.5
    done
  ) &
}

start_nas() {
  mkdir -p /volume1
  mount /dev/vdb /volume1
  mkdir -p /volume1/swarm
  modprobe nfsd
  mount -t rpc_pipefs rpc_pipefs /run/rpc_pipefs
  mount -t nfsd nfsd /proc/fs/nfsd
  # Remembers the clients, so that they go on after a restart without waiting for the grace period's end.
  mkdir -p /var/lib/nfs/nfsdcld
  keep nfsdcld -F
  if [ ! -d /etc/exports.d ]; then
    mkdir /etc/exports.d
    echo '/volume1 10.77.0.0/24(rw,no_root_squash,no_subtree_check,fsid=1)' >/etc/exports.d/volume1.exports
  fi
  exportfs -ra
  rpc.mountd -N 3
  rpc.nfsd -N 3 -H "$ADDRESS" 8

  # Beside the NAS's work: what the lab's nodes install and upgrade from.
  mkdir -p /var/lib/docker-registry
  mount /dev/vdc /var/lib/docker-registry
  cat >/run/registry.yml <<'REGISTRY'
version: 0.1
storage: {filesystem: {rootdirectory: /var/lib/docker-registry}, delete: {enabled: true}}
http: {addr: ":5000"}
REGISTRY
  keep docker-registry serve /run/registry.yml
}

start_node() {
  modprobe -a overlay br_netfilter ip_vs ip_vs_rr vxlan
  echo 1 >/proc/sys/net/ipv4/ip_forward
  mkdir -p /srv/swarm
  start_docker
}

# Mounts the disk DEVICE on PLACE; if it is blank, makes its file system first.
#   volumes PLACE DEVICE MOUNT-OPTIONS MKFS [ARGUMENT...]
volumes() {
  place=$1 device=$2 options=$3
  shift 3
  mkdir -p "$place"
  blkid "$device" >/dev/null || "$@" "$device"
  mount -o "$options" "$device" "$place"
}

# As an administrator has prepared it for our NFS server, which is a container.
start_storage() {
  modprobe -a overlay br_netfilter nfsd
  echo 1 >/proc/sys/net/ipv4/ip_forward
  volumes /nfs_volumes /dev/vdc prjquota mkfs.xfs -q
  volumes /srv/ext4 /dev/vdd prjquota mkfs.ext4 -q -m 0 -O project,quota -E quotatype=prjquota
  volumes /srv/btrfs /dev/vde defaults mkfs.btrfs -q
  cat $given/compose/raw >/root/nfs-server.compose.yml
  [ -e /root/.env ] || echo "SWARMNFS_ADDRESS=$ADDRESS" >/root/.env
  start_docker
}

start_docker() {
  mkdir -p /var/lib/docker /etc/containerd /etc/docker
  mount /dev/vdb /var/lib/docker
  printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' >/etc/containerd/config.toml
  echo '{"insecure-registries": ["registry.lan:5000"]}' >/etc/docker/daemon.json
  keep containerd
  # Before Docker, as the remote file systems of a systemd are; the boot goes on without a NAS that does not answer.
  [ ! -e /etc/lab-fstab ] || timeout 90 mount --fstab /etc/lab-fstab --all
  # dockerd gives a containerd of its own 15 s to start, which is too short on a loaded machine.
  while [ ! -S /run/containerd/containerd.sock ]; do sleep 0.2; done
  keep dockerd --containerd /run/containerd/containerd.sock
}

# lab-off: everything down in order, then the power off.
cat >/usr/local/sbin/lab-off <<'OFF'
#!/bin/sh
touch /run/lab/dockerd.held /run/lab/containerd.held /run/lab/nfsdcld.held /run/lab/docker-registry.held
if pid=$(cat /run/docker.pid 2>/dev/null) && kill "$pid" 2>/dev/null; then
  while [ -d "/proc/$pid" ]; do sleep 0.1; done
fi
[ ! -e /proc/fs/nfsd/threads ] || rpc.nfsd 0
pkill -x containerd
umount /nfs_volumes /srv/ext4 /srv/btrfs 2>/dev/null
timeout 10 umount --all --lazy --types nfs4,nfs
sync
echo u >/proc/sysrq-trigger
echo o >/proc/sysrq-trigger
OFF
chmod 755 /usr/local/sbin/lab-off

start_$ROLE >>$log/init.log 2>&1
touch /run/lab/started

# wait(1) also reaps the orphans that end up here.
while :; do
  sleep 3600 &
  wait $!
done

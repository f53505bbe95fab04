#!/bin/sh
# Makes the file system of a lab machine, a Debian, as a directory. Every file is one a package put there, but for three
# lines of init that fetch the real one (machine-init.sh) from outside. Needs root; nothing stays mounted however it ends.
#
#   tree.sh ROOT SUITE MIRROR PACKAGE...
set -eu
if [ "$1" != --inside ]; then
  exec unshare --mount --pid --fork --kill-child --mount-proc sh "$0" --inside "$@"
fi
shift
root=$1 suite=$2 mirror=$3
shift 3
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

# Older debootstraps do not know the suite by name; all of them make it the way they make sid.
script=
[ -e "/usr/share/debootstrap/scripts/$suite" ] || script=/usr/share/debootstrap/scripts/sid
debootstrap --variant=minbase "$suite" "$root" "$mirror" $script

mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
# Only what a virtual machine boots from.
mkdir -p "$root/etc/initramfs-tools/conf.d"
echo MODULES=list >"$root/etc/initramfs-tools/conf.d/lab"
mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
printf 'path-exclude=/usr/share/%s/*\n' doc man locale >"$root/etc/dpkg/dpkg.cfg.d/lab"

# First the tools, so that the list of modules is there when the kernel's own package makes its initrd.
in_root() { chroot "$root" apt-get install --yes --no-install-recommends -qq "$@"; }
in_root initramfs-tools kmod
printf '%s\n' virtio_pci virtio_blk virtio_net ext4 >>"$root/etc/initramfs-tools/modules"
in_root "$@"

printf '#!/bin/sh\nmount -t proc proc /proc\nmount -t sysfs sys /sys\nmodprobe qemu_fw_cfg\nexec sh /sys/firmware/qemu_fw_cfg/by_name/opt/lab/init/raw\n' >"$root/sbin/lab-init"
chmod 755 "$root/sbin/lab-init"
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/resolv.conf" "$root/etc/machine-id"
chroot "$root" apt-get clean
rm -rf "$root"/var/lib/apt/lists/*

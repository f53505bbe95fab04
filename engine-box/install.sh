#!/bin/sh
# Installs what a private engine, the lab, the demo, the tests and the benchmarks need and this machine lacks; says so
# first.
#   install.sh demo|test|soak|bench|lab|bench-lab
set -eu
purpose=$1

# command  Debian package  needed for
needed() {
  cat <<'TABLE'
dockerd         docker.io                 demo test bench
docker          docker-cli                demo test bench
containerd      containerd                demo test bench
iptables        iptables                  demo test bench
ip              iproute2                  demo test bench
unshare         util-linux                demo test bench lab bench-lab
pgrep           procps                    demo test bench
debootstrap     debootstrap               demo test bench lab bench-lab
docker-compose  docker-compose            demo test
docker-registry docker-registry           test
bindfs          bindfs                    test
nft             nftables                  test
rclone          rclone                    test bench
apache2         apache2-bin               test
nginx           nginx-light               test
nginx-dav-ext   libnginx-mod-http-dav-ext test
htdigest        apache2-utils             test
openssl         openssl                   test
getfattr        attr                      test
setfacl         acl                       test
promtool        prometheus                test
chromium-headless-shell chromium-headless-shell soak
qemu-system-x86_64 qemu-system-x86        lab bench-lab
qemu-img        qemu-utils                lab bench-lab
mkfs.ext4       e2fsprogs                 lab bench-lab
ssh             openssh-client            lab bench-lab
TABLE
}

have() {
  case $1 in
    docker-compose) docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null ;;
    nginx-dav-ext) [ -e /usr/lib/nginx/modules/ngx_http_dav_ext_module.so ] ;;
    debootstrap) command -v debootstrap >/dev/null && [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

PATH=$PATH:/usr/sbin:/sbin
missing=
while read -r command package purposes; do
  case " $purposes " in *" $purpose "*) ;; *) continue ;; esac
  have "$command" || missing="$missing $package"
done <<EOT
$(needed)
EOT
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "Missing here:$missing (names of Debian's packages). Install them, then try again." >&2
  exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
  sudo=sudo
  command -v sudo >/dev/null || { echo "Missing here:$missing. Run this as root, or install sudo." >&2; exit 1; }
fi

case $missing in *debootstrap*) missing="$missing debian-archive-keyring" ;; esac
echo "Installing from the system's packages${sudo:+ by sudo}:$missing"
# No service starts because of this, Docker's least of all.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
  $sudo chmod 755 $policy
  trap '$sudo rm -f $policy' EXIT
fi
install="$sudo env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends -qq"
$sudo apt-get update -qq
# Older releases have the docker command in docker.io.
apt-cache show docker-cli >/dev/null 2>&1 || missing=$(echo " $missing " | sed 's/ docker-cli / docker.io /')
# shellcheck disable=SC2086
$install $missing </dev/null >/dev/null

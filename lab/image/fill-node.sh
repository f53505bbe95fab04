# For nodes: an nginx beside busybox, and the plugin, installed from the lab's registry. That keeps it in the
# folder "registry" as swarmnfs:TAG, and as swarmnfs:next the same once more, as another build. Read by docker-data.sh with
# TAG and the folders "registry" and "plugin".
tag=$1
repository=registry.lan:5000/swarmnfs

cat >/run/registry.yml <<'REGISTRY'
version: 0.1
storage: {filesystem: {rootdirectory: /run/given/registry}}
http: {addr: ":5000"}
REGISTRY
docker-registry serve /run/registry.yml >/run/registry.log 2>&1 &
registry=$!
until busybox wget -q -O- http://registry.lan:5000/v2/ >/dev/null 2>&1; do
  kill -0 "$registry" && [ "$(date +%s)" -lt "$late" ] || fail
  sleep 0.1
done

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
cp -a /run/given/plugin /run/next
echo "$(cat /run/given/plugin/rootfs/app/build).next" >/run/next/rootfs/app/build
publish "$repository:next" /run/next
publish "$repository:$tag" /run/given/plugin
docker plugin install --disable --grant-all-permissions --alias swarmnfs "$repository:$tag"

kill "$registry"
wait "$registry" || true

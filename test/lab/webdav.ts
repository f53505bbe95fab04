import { createHash } from "node:crypto";
import type { Machine } from "../../lab/machine.ts";
import type { Cluster } from "./cluster.ts";

const port = 8008;
const modules = [
  "mpm_event",
  "authn_core",
  "authn_file",
  "authz_core",
  "authz_user",
  "auth_basic",
  "dav",
  "dav_fs",
];

/** A WebDAV server as people have one, and how it is reached from all machines. */
export interface WebDav {
  /** The folder for backups. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Where that folder lies on its machine. */
  readonly files: string;
}

/** Apache's mod_dav, as most NAS have it, on a machine of the lab until the end of the test. */
export async function serveWebDav(on: Cluster, machine: Machine): Promise<WebDav> {
  const name = on.name("webdav");
  const folder = `/var/lib/${name}`;
  const [username, password] = ["backup", `let ${name} in`];
  const hash = createHash("sha1").update(password).digest("base64");
  const config = `${modules.map((each) => `LoadModule ${each}_module /usr/lib/apache2/modules/mod_${each}.so`).join("\n")}
ServerRoot ${folder}
ServerName ${machine.name}.lan
PidFile run/pid
DefaultRuntimeDir run
ErrorLog ${folder}/error.log
Listen ${machine.plan.address}:${port}
User www-data
Group www-data
DavLockDB ${folder}/locks/lock
DocumentRoot ${folder}/files
<Directory ${folder}/files>
  Dav On
  AuthType basic
  AuthName dav
  AuthUserFile ${folder}/users
  Require valid-user
</Directory>`;
  on.afterwards(() =>
    machine.must(
      `pid=$(cat ${folder}/run/pid) && kill "$pid" && while [ -d "/proc/$pid" ]; do sleep 0.1; done; rm -rf ${folder}`,
      { timeout: 60_000 },
    ),
  );
  await machine.must(
    `mkdir -p ${folder}/files/backups ${folder}/locks ${folder}/run && chown -R www-data:www-data ${folder}
    echo '${username}:{SHA}${hash}' >${folder}/users
    cat >${folder}/apache.conf <<'CONF'\n${config}\nCONF
    apache2 -f ${folder}/apache.conf </dev/null >/dev/null 2>${folder}/start.log || { cat ${folder}/start.log >&2; exit 1; }
    until [ -s ${folder}/run/pid ]; do sleep 0.1; done`,
    { timeout: 60_000 },
  );
  const url = `http://${machine.plan.address}:${port}/backups`;
  return { url, username, password, files: `${folder}/files/backups` };
}

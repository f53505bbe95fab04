import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { account, freePort, run, type DavServer, type ServerOptions } from "./dav-server.ts";

const modules = "/usr/lib/apache2/modules";
/** Apache's mod_dav, as most NAS have it. */
export async function startApache(options: ServerOptions): Promise<DavServer> {
  const { folder, auth = "basic", tls } = options;
  const port = options.port ?? (await freePort());
  const files = path.join(folder, "files");
  for (const name of ["files", "locks", "run"])
    await mkdir(path.join(folder, name), { recursive: true });
  const root = process.getuid?.() === 0;
  if (root) await execa("chown", ["-R", "www-data:www-data", folder]);
  await chmod(folder, 0o755);
  const users = path.join(folder, "users");
  if (auth === "basic") await execa("htpasswd", ["-bc", users, account.user, account.password]);
  else
    await execa("htdigest", ["-c", users, "dav", account.user], {
      input: `${account.password}\n${account.password}\n`,
    });
  const names = [
    "mpm_event",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_user",
    `auth_${auth}`,
    "dav",
    "dav_fs",
    "headers",
    ...(tls ? ["ssl"] : []),
  ];
  const config = path.join(folder, "apache.conf");
  await writeFile(
    config,
    `${names.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join("\n")}
ServerRoot ${folder}
ServerName localhost
PidFile run/pid
DefaultRuntimeDir run
ErrorLog ${folder}/error.log
Listen 127.0.0.1:${port}
${root ? "User www-data\nGroup www-data" : ""}
DavLockDB ${folder}/locks/lock
DavMinTimeout 600
KeepAliveTimeout 5
${tls ? `SSLEngine on\nSSLCertificateFile ${tls.certificate}\nSSLCertificateKeyFile ${tls.key}` : ""}
DocumentRoot ${files}
<Directory ${files}>
  Dav On
  AuthType ${auth}
  AuthName dav
  ${auth === "digest" ? "AuthDigestProvider file" : ""}
  AuthUserFile ${users}
  Require valid-user
</Directory>
`,
  );
  const server = await run(port, "apache2", ["-f", config, "-D", "FOREGROUND"]);
  return {
    name: "Apache mod_dav",
    url: `${tls ? "https" : "http"}://localhost:${port}/`,
    files,
    ...account,
    stop: () => server.stop(),
  };
}

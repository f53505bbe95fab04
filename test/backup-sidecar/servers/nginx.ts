import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { account, freePort, run, type DavServer, type ServerOptions } from "./dav-server.ts";

export interface NginxOptions extends ServerOptions {
  /** As nginx writes it: `1m`, `0` for none. */
  readonly largestBody?: string;
}

/** nginx with its dav modules: no locks, no quotas, strict about slashes. */
export async function startNginx(options: NginxOptions): Promise<DavServer> {
  const { folder, tls } = options;
  const port = options.port ?? (await freePort());
  const files = path.join(folder, "files");
  for (const name of ["files", "bodies"]) await mkdir(path.join(folder, name), { recursive: true });
  await chmod(folder, 0o755);
  const users = path.join(folder, "users");
  const { stdout } = await execa("htpasswd", ["-nb", account.user, account.password]);
  await writeFile(users, `${stdout.trim()}\n`);
  const config = path.join(folder, "nginx.conf");
  await writeFile(
    config,
    `load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;
daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${folder}/bodies;
  proxy_temp_path ${folder}/bodies; fastcgi_temp_path ${folder}/bodies;
  uwsgi_temp_path ${folder}/bodies; scgi_temp_path ${folder}/bodies;
  server {
    listen 127.0.0.1:${port}${tls ? " ssl" : ""};
    server_name localhost;
    ${tls ? `ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key};` : ""}
    client_max_body_size ${options.largestBody ?? "0"};
    root ${files};
    auth_basic dav;
    auth_basic_user_file ${users};
    location / {
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS;
      dav_access user:rw group:r all:r;
    }
  }
}
`,
  );
  const server = await run(port, "nginx", ["-c", config, "-e", path.join(folder, "error.log")]);
  return {
    name: "nginx",
    url: `${tls ? "https" : "http"}://localhost:${port}/`,
    files,
    ...account,
    stop: () => server.stop(),
  };
}

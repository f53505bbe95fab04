import { mkdir } from "node:fs/promises";
import path from "node:path";
import { account, freePort, run, type DavServer, type ServerOptions } from "./dav-server.ts";

/** `rclone serve webdav`, whose answers differ from everybody's: 201 for a folder that exists, 404 for a missing parent. */
export async function startRclone(options: ServerOptions): Promise<DavServer> {
  const { folder, tls } = options;
  const port = options.port ?? (await freePort());
  const files = path.join(folder, "files");
  await mkdir(files, { recursive: true });
  const server = await run(
    port,
    "rclone",
    [
      "serve",
      "webdav",
      files,
      "--addr",
      `127.0.0.1:${port}`,
      "--config",
      "/dev/null",
      ...(tls ? ["--cert", tls.certificate, "--key", tls.key] : []),
    ],
    { RCLONE_USER: account.user, RCLONE_PASS: account.password },
  );
  return {
    name: "rclone serve webdav",
    url: `${tls ? "https" : "http"}://localhost:${port}/`,
    files,
    ...account,
    stop: () => server.stop(),
  };
}

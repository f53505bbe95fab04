import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { execa } from "execa";
import { startApache } from "../../test/backup-sidecar/servers/apache.ts";

/** A WebDAV server that counts what it is asked. */
export interface CountedServer {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  requests(): Promise<number>;
  /** MiB below a folder of it. */
  stored(folder: string): Promise<number>;
  stop(): Promise<void>;
}

export async function startServer(folder: string): Promise<CountedServer> {
  const apache = await startApache({ folder });
  const proxy = fork(path.join(import.meta.dirname, "counting-proxy.ts"), [apache.url]);
  const [{ port }] = (await once(proxy, "message")) as [{ port: number }];
  return {
    url: `http://127.0.0.1:${port}/`,
    user: apache.user,
    password: apache.password,
    requests: () => ask(proxy),
    stored: async (name) => {
      const { stdout } = await execa("du", [
        "--bytes",
        "--summarize",
        path.join(apache.files, name),
      ]);
      return Number.parseInt(stdout, 10) / 1024 ** 2;
    },
    stop: async () => {
      proxy.disconnect();
      await apache.stop();
    },
  };
}

async function ask(proxy: ChildProcess): Promise<number> {
  const answer = once(proxy, "message");
  proxy.send("count");
  const [{ requests }] = (await answer) as [{ requests: number }];
  return requests;
}

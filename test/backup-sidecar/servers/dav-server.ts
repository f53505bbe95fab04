import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";

/** A real WebDAV server of a test, with a folder of its own. */
export interface DavServer {
  readonly name: string;
  /** Its base, with a slash at the end. */
  readonly url: string;
  /** Where its files lie on disk. */
  readonly files: string;
  readonly user: string;
  readonly password: string;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** A directory that is the test's own. */
  readonly folder: string;
  readonly auth?: "basic" | "digest";
  /** PEM files for https. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** To begin again where it was. */
  readonly port?: number;
}

export const account = { user: "swarm", password: "correct horse" } as const;

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** A server's process, up and listening. */
export interface Running {
  /** Ends it, and waits until it has. */
  stop(): Promise<void>;
}

/** Starts a server and waits until it takes connections; throws with what it said when it ends instead. */
export async function run(
  port: number,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const sbin = `${process.env["PATH"]}:/usr/sbin:/sbin`;
  const options = { env: { PATH: sbin, ...environment }, reject: false, all: true } as const;
  const server = execa(command, args, options);
  let said: string | null = null;
  const over = server.then(({ all }) => (said = all));
  const deadline = Date.now() + 60_000;
  while (!(await connects(port))) {
    if (said !== null) throw new Error(`${command} ended: ${String(said)}`);
    if (Date.now() > deadline) throw new Error(`${command} does not listen after a minute`);
    await delay(20);
  }
  return {
    stop: async () => {
      server.kill("SIGTERM");
      await over;
    },
  };
}

async function connects(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

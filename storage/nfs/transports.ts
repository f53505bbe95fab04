import { readdir, readFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { CommandFailed, runBounded } from "../mounting/bounded-command.ts";
import { withOwnSysfs } from "./own-sysfs.ts";
import type { Knock } from "./server-port.ts";

/** One connection of this node's NFS client to a server; all mounts of one version from one address share it. */
export interface Transport {
  readonly address: string;
  /** Null where the kernel does not say. */
  readonly port: number | null;
  /** Throws `CommandFailed`, with `timedOut` while the kernel is busy with it. */
  move(address: string): Promise<void>;
}

export interface TransportEffects {
  /** All of this network name space, as long as `work` takes; rejects where the kernel does not show them. */
  withTransports<Result>(
    work: (transports: readonly Transport[]) => Promise<Result>,
  ): Promise<Result>;
}

/** A former address of the server, to which there are connections. */
export interface LeftAddress {
  readonly address: string;
  /** It answers; or nobody is there, and its connections cannot be moved now (`busy`) or at all (`fixed`). */
  readonly state: "answers" | "busy" | "fixed";
}

/**
 * Takes connections to addresses where a server was, and where nobody answers, to where it is now. The kernel does not
 * do it: what is mounted waits for ever, and so does each new mount from the new address, since the kernel sees from the
 * server's answer that it knows that server already, and goes on by the connection it has (trunking, RFC 8881 section
 * 2.10.5). Moved, all goes on within a second, with what was locked; file handles keep a server that is another one from
 * being taken for it. Answers what could not be moved. IPv4 alone: the kernel (6.12) has no room for more in what it
 * reads the new address into.
 */
export async function followServer(
  effects: TransportEffects,
  knock: Knock,
  former: readonly string[],
  address: string,
  port: number,
): Promise<readonly LeftAddress[]> {
  try {
    return await effects.withTransports(async (transports) => {
      const ours = transports.filter((each) => (each.port ?? port) === port);
      const left = former.map(async (old) => {
        const there = ours.filter((each) => each.address === old);
        return there.length === 0 ? [] : leave(there, old, address, await knock(old, port));
      });
      return (await Promise.all(left)).flat();
    });
  } catch {
    return Promise.all(
      former.map(async (old) => ({
        address: old,
        state: (await knock(old, port)) === "open" ? ("answers" as const) : ("fixed" as const),
      })),
    );
  }
}

async function leave(
  transports: readonly Transport[],
  old: string,
  address: string,
  answer: Awaited<ReturnType<Knock>>,
): Promise<readonly LeftAddress[]> {
  if (answer === "open") return [{ address: old, state: "answers" }];
  if (!isIPv4(old) || !isIPv4(address)) return [{ address: old, state: "fixed" }];
  try {
    await Promise.all(transports.map((each) => each.move(address)));
    return [];
  } catch (error) {
    const isBusy = error instanceof CommandFailed && error.timedOut;
    return [{ address: old, state: isBusy ? "busy" : "fixed" }];
  }
}

/** The kernel lets go of a connection between two attempts to connect it, 3 s after one failed: this is longer. */
const moveBoundMs = 20_000;
/** A process of its own writes: it waits in the kernel, and must be killable there. */
const write = `require("node:fs").writeFileSync(process.argv[1], process.argv[2])`;

/** The machine itself (kernel 5.14 and later); a sysfs is mounted for a moment below `folder`. */
export function systemTransportEffects(folder: string): TransportEffects {
  return {
    withTransports: (work) =>
      withOwnSysfs(folder, ".swarmnfs-transports", async (sys) => work(await transportsIn(sys))),
  };
}

async function transportsIn(sys: string): Promise<readonly Transport[]> {
  const switches = join(sys, "kernel/sunrpc/xprt-switches");
  const paths = await Promise.all(
    (await readdir(switches)).map(async (each) => {
      const folder = join(switches, each);
      const names = await readdir(folder).catch(() => []); // gone meanwhile
      return names.filter((name) => /^xprt-\d+-tcp/.test(name)).map((name) => join(folder, name));
    }),
  );
  return Promise.all(paths.flat().map(transport));
}

async function transport(path: string): Promise<Transport> {
  const shown = (file: string): Promise<string> =>
    readFile(join(path, file), "utf8").catch(() => "");
  const [, port] = /^dst_port=(\d+)$/m.exec(await shown("xprt_info")) ?? [];
  return {
    // The kernel counts the zero that ends its string as a character.
    address: (await shown("dstaddr")).replaceAll("\0", "").trim(),
    port: port === undefined ? null : Number(port),
    move: (address) =>
      runBounded(
        process.execPath,
        ["-e", write, join(path, "dstaddr"), `${address}\n`],
        moveBoundMs,
      ),
  };
}

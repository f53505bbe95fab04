import { join } from "node:path";
import type { Clock } from "../service/clock.ts";
import type { Log } from "../service/log.ts";
import { ProcChannel } from "./exports/channel.ts";
import { KernelExports } from "./exports/kernel-exports.ts";
import { PseudoRoot } from "./exports/pseudo-root.ts";
import type { AuditLine, Tables } from "./exports/telling.ts";
import { Tlshd } from "../storage/tls/tlshd.ts";
import { Nfsdcld } from "./kernel/nfsdcld.ts";
import { NfsServer } from "./kernel/nfsd.ts";
import type { ServerSettings } from "./settings.ts";

export interface NfsServiceParts {
  readonly settings: ServerSettings;
  readonly audit: (line: AuditLine) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The kernel's NFS server and all that it needs around it. It outlives this process, and the next one takes it over. */
export class NfsService {
  readonly root: PseudoRoot;
  /** The kernel's tables; those who write to them besides {@link exports} speak of no node. */
  readonly tables: Tables;
  readonly exports: KernelExports;
  readonly nfsd = new NfsServer();
  readonly nfsdcld: Nfsdcld;
  /** Not started where clients need no certificates. */
  readonly tlshd: Tlshd;
  readonly #settings: ServerSettings;
  readonly #log: Log;

  /** Throws if the kernel's NFS server is not loaded. */
  constructor({ settings, audit, clock, log }: NfsServiceParts) {
    const { data } = settings;
    this.#settings = settings;
    this.#log = log;
    this.root = new PseudoRoot("/exports", data);
    this.tables = {
      "auth.unix.ip": new ProcChannel("auth.unix.ip"),
      "nfsd.fh": new ProcChannel("nfsd.fh"),
      "nfsd.export": new ProcChannel("nfsd.export"),
    };
    this.exports = new KernelExports({
      tables: this.tables,
      showcase: this.root,
      clock,
      mutualTls: settings.tls,
      audit,
      trouble: (error) => log.error({ err: error }, "a table of the kernel cannot be kept"),
    });
    const places = {
      storage: join(data, ".swarmnfs", "server", "nfsdcld"),
      pipefs: "/run/rpc_pipefs",
      pidFile: "/run/swarmnfs/nfsdcld.pid",
    };
    this.nfsdcld = new Nfsdcld(places, log);
    this.tlshd = new Tlshd({ folder: "/run/swarmnfs/tls" }, (text, error) =>
      log.warn({ err: error }, text),
    );
  }

  /** Serves at this address alone. `name` is by what clients know the server again. Throws `unavailable`. */
  async serve(address: string, name: string): Promise<void> {
    const { nfsPort, threads, graceS, leaseS, serverName } = this.#settings;
    const how = await this.nfsd.start({
      address,
      port: nfsPort,
      threads,
      graceS,
      leaseS,
      scope: serverName ?? name,
    });
    // A kernel that was stopped and started has forgotten everything.
    if (how === "started") await this.exports.tellAll();
    this.#log.info({ address, how }, "NFS is served");
  }

  /** For when only this process ends: clients notice nothing. */
  leave(): void {
    this.exports.end();
    this.nfsdcld.leave();
    this.tlshd.leave();
  }
}

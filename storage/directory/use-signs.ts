import type { BigIntStats } from "node:fs";
import { v7 as uuid } from "uuid";
import { formatMoment } from "../../service/age.ts";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import { DamagedRecord, parseUseRecord } from "../records/parse.ts";
import { useExpiryMs, type UseRecord } from "../records/use.ts";
import type { NodeIdentity, UseSign } from "../storage.ts";
import { concurrently } from "./concurrently.ts";
import { sameStamp, type Stamp } from "./confined.ts";
import { isTrouble } from "./file-trouble.ts";
import type { Layout } from "./layout.ts";
import { textOf } from "./record-file.ts";
import type { StorageClock } from "./storage-clock.ts";
import { unlinkIf } from "./unlink-if.ts";

interface Sign {
  readonly stamp: Stamp;
  readonly record: UseRecord;
}

/**
 * Signs of life of the nodes that have volumes mounted, `use/<volume>/<node id>`. Their age is that of the file, by
 * the storage's clock, so that nodes whose clocks disagree do not take each other for dead.
 */
export class UseSigns {
  readonly #clock: StorageClock;
  readonly #progress: () => void;
  #known = new Map<string, readonly Sign[]>();

  /** `progress` is told of every sign: with thousands of volumes they take longer than any one of them may. */
  constructor(clock: StorageClock, progress: () => void) {
    this.#clock = clock;
    this.#progress = progress;
  }

  /**
   * Writes this node's sign. A full or read-only storage is no reason to refuse a mount: then there is no sign, and
   * what others remove meanwhile goes to the trash, as always.
   */
  async write(layout: Layout, sign: UseSign, by: NodeIdentity): Promise<void> {
    const now = rfc3339(
      Date.parse(sign.since) > this.#clock.now() ? Date.parse(sign.since) : this.#clock.now(),
    );
    const record: UseRecord = {
      schema: 1,
      node: by.name,
      nodeId: by.id,
      since: sign.since,
      seenAt: now,
      consumers: [...sign.consumers],
    };
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#write(layout, sign.volume, by.id, record);
        this.#progress();
        return;
      } catch (error) {
        if (isTrouble(error, "ENOSPC", "EDQUOT", "EROFS")) return;
        if (attempt >= 3 || !isTrouble(error, "ENOENT")) throw error; // its folder was removed with another's last sign
      }
    }
  }

  /** This node's own sign, lapsed or not. */
  async own(layout: Layout, volume: string, by: NodeIdentity): Promise<UseRecord | null> {
    try {
      await using folder = await (await layout.folder("use")).open(volume);
      const found = await folder.read(by.id);
      return found === null ? null : readSign(found.text, by.id);
    } catch (error) {
      if (isTrouble(error, "ENOENT", "ENOTDIR")) return null;
      throw error;
    }
  }

  async remove(layout: Layout, volume: string, by: NodeIdentity): Promise<void> {
    const uses = await layout.folder("use");
    try {
      await using folder = await uses.open(volume);
      await folder.unlink(by.id);
    } catch (error) {
      if (isTrouble(error, "ENOENT", "EROFS")) return;
      throw error;
    }
    await uses.rmdir(volume);
  }

  /** Takes away all that is left of a removed volume's signs. */
  async clear(layout: Layout, volume: string): Promise<void> {
    const uses = await layout.folder("use");
    try {
      await using folder = await uses.open(volume);
      for (const name of await folder.names()) await folder.unlink(name);
    } catch (error) {
      if (isTrouble(error, "ENOENT")) return;
      throw error;
    }
    await uses.rmdir(volume);
  }

  /**
   * Takes away the signs that are older than `ageMs`, also those of volumes that are no more: each list reads them all.
   * One that is renewed at this moment stays.
   */
  async sweep(layout: Layout, ageMs: number): Promise<void> {
    const uses = await layout.folder("use");
    const isOld = (stamp: BigIntStats | null): boolean =>
      stamp?.isFile() === true && this.#clock.now() - Number(stamp.mtimeMs) > ageMs;
    await concurrently(await uses.names(), async (volume) => {
      try {
        await using folder = await uses.open(volume);
        for (const name of await folder.names()) {
          if (!isOld(await folder.stat(name))) continue;
          await unlinkIf(layout, folder, name, async (tmp, as) => isOld(await tmp.stat(as)));
        }
      } catch (error) {
        if (isTrouble(error, "ENOENT", "ENOTDIR")) return;
        throw error;
      }
      await uses.rmdir(volume);
    });
  }

  /** Those nodes that showed a sign of life lately. */
  async of(layout: Layout, volume: string): Promise<readonly UseRecord[]> {
    const all = await this.#read(layout, volume);
    return all.filter(({ stamp }) => this.#alive(stamp)).map(({ record }) => record);
  }

  /** The same for all volumes. */
  async all(layout: Layout): Promise<Readonly<Record<string, readonly UseRecord[]>>> {
    const volumes = await (await layout.folder("use")).names();
    const read = await concurrently(volumes, async (volume) => {
      const signs = await this.#read(layout, volume);
      this.#progress();
      return [volume, signs] as const;
    });
    this.#known = new Map(read);
    const alive = read.map(([volume, signs]) => {
      const present = signs.filter(({ stamp }) => this.#alive(stamp));
      return [volume, present.map(({ record }) => record)] as const;
    });
    return Object.fromEntries(alive.filter(([, each]) => each.length > 0));
  }

  async #write(layout: Layout, volume: string, nodeId: string, record: UseRecord): Promise<void> {
    const tmp = await layout.folder("tmp");
    const temporary = uuid();
    const stamp = await tmp.write(temporary, textOf(record), true);
    this.#clock.observe(stamp.mtimeMs);
    try {
      await using folder = await (await layout.folder("use")).make(volume, 0o700);
      await tmp.rename(temporary, folder, nodeId);
    } catch (error) {
      await tmp.unlink(temporary);
      throw error;
    }
  }

  async #read(layout: Layout, volume: string): Promise<Sign[]> {
    try {
      await using folder = await (await layout.folder("use")).open(volume);
      const before = this.#known.get(volume) ?? [];
      const signs: Sign[] = [];
      for (const name of await folder.names()) {
        const stamp = await folder.stat(name);
        const known = before.find(({ record }) => record.nodeId === name);
        if (stamp !== null && known !== undefined && sameStamp(known.stamp, stamp))
          signs.push(known);
        else {
          const found = await folder.read(name);
          const record = found === null ? null : readSign(found.text, name);
          if (found !== null && record !== null) signs.push({ stamp: found.stamp, record });
        }
      }
      return signs;
    } catch (error) {
      if (isTrouble(error, "ENOENT", "ENOTDIR")) return [];
      throw error;
    }
  }

  #alive(stamp: Stamp): boolean {
    return this.#clock.now() - Number(stamp.mtimeMs) < useExpiryMs;
  }
}

/** Throws `in-use`, naming nodes and consumers, if another node than `by` uses the volume. */
export function refuseInUse(
  volume: string,
  uses: readonly UseRecord[],
  by: NodeIdentity,
  now: number,
): void {
  const others = uses.filter((use) => use.nodeId !== by.id);
  if (others.length === 0) return;
  const where = others.map((use) => {
    const since = `since ${formatMoment(Date.parse(use.since), now)}`;
    return `${use.node} (${[...use.consumers, since].join(", ")})`;
  });
  throw new UserError(
    "in-use",
    `"${volume}" is mounted on ${where.join(" and on ")}. Remove the service or container there first`,
  );
}

// A sign that cannot be read is somebody's all the same: better a removal refused for 90 s than data taken away.
function readSign(text: string, name: string): UseRecord | null {
  try {
    return parseUseRecord(text);
  } catch (error) {
    if (!(error instanceof DamagedRecord)) throw error;
    const id = /^[0-9a-f-]{36}$/.test(name) ? name : null;
    const now = new Date(0).toISOString();
    return id === null
      ? null
      : {
          schema: 1,
          node: id,
          nodeId: id,
          since: now,
          seenAt: now,
          consumers: ["an unreadable sign of use"],
        };
  }
}

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { formatAge } from "../../service/age.ts";
import { syncDirectory, writeFileAtomic } from "../../service/atomic-file.ts";
import { type Clock, rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import { timeSchema } from "../../storage/records/fields.ts";
import { parseRecord } from "../../storage/records/parse.ts";
import { givenRoleSchema } from "../../storage/swarmnfs/protocol/node.ts";
import { AllowedHosts } from "../policy/allowed-hosts.ts";
import { parseHostRule } from "../policy/host-pattern.ts";

/** A token as it lies in `<root>/.swarmnfs/server/tokens/<hash>.json`: what it is good for, and not its secret. */
const tokenSchema = z.looseObject({
  schema: z.literal(1),
  /** SHA-256 of the secret, hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  node: z.string().min(1),
  cidr: z.string().nullable(),
  replace: z.boolean(),
  /** What the node becomes by it; absent: a node. */
  role: givenRoleSchema.optional(),
  createdAt: timeSchema,
  expiresAt: timeSchema,
  /** Who enrolled with it: nobody else can any more. */
  spent: z.looseObject({ id: z.uuid(), key: z.string(), at: timeSchema }).nullable(),
});

export type TokenRecord = z.infer<typeof tokenSchema>;

/** More than anybody adds at once; whoever asks for more has a loop in a script. */
const most = 1000;

/** Join tokens: each for one use, by one node name, for a while. */
export class JoinTokens {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #records = new Map<string, TokenRecord>();

  private constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** One that cannot be read is none: the node is told to get another. */
  static async open(folder: string, clock: Clock): Promise<JoinTokens> {
    const tokens = new JoinTokens(folder, clock);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const file of await readdir(folder)) {
      const path = join(folder, file);
      const text = await readFile(path, "utf8").catch(() => "");
      try {
        const record = parseRecord(text, tokenSchema);
        tokens.#records.set(record.hash, record);
      } catch {
        continue;
      }
    }
    await tokens.#sweep();
    return tokens;
  }

  /** Answers the secret, of which nothing but a hash is kept. Throws `invalid` for a CIDR that is none. */
  async make(
    given: Pick<TokenRecord, "node" | "cidr" | "replace" | "role"> & { readonly validMs: number },
  ): Promise<{ secret: string; expiresAt: string }> {
    if (given.cidr !== null) readNetwork(given.cidr);
    await this.#sweep();
    if (this.#records.size >= most) {
      throw new UserError(
        "invalid",
        `${most} tokens are waiting to be used. They end by themselves; try again later`,
      );
    }
    const secret = randomBytes(32).toString("base64url");
    const now = this.#clock.now();
    const expiresAt = rfc3339(now + given.validMs);
    await this.#save({
      schema: 1,
      hash: hashOf(secret),
      node: given.node,
      cidr: given.cidr,
      replace: given.replace,
      ...(given.role !== undefined && { role: given.role }),
      createdAt: rfc3339(now),
      expiresAt,
      spent: null,
    });
    return { secret, expiresAt };
  }

  /**
   * The token of this secret, if it is good for this node at this address. Throws `denied` with the reason. One that was
   * spent is good for the very node that spent it, with the very key: its answer may have been lost.
   */
  check(
    secret: string,
    node: { name: string; id: string; key: string; address: string },
  ): TokenRecord {
    const record = this.#find(secret);
    if (record === null) {
      throw denied(
        "the join token is not known here: it is of another storage node, or long over",
        node.name,
      );
    }
    const now = this.#clock.now();
    if (Date.parse(record.expiresAt) <= now)
      throw denied(`the join token ended ${formatAge(record.expiresAt, now)}`, record.node);
    if (record.spent !== null && !(record.spent.id === node.id && record.spent.key === node.key)) {
      throw denied(
        `the join token was used ${formatAge(record.spent.at, now)}, and each is good for one node once`,
        record.node,
      );
    }
    if (record.node.toLowerCase() !== node.name.toLowerCase()) {
      throw denied(
        `the join token is for node "${record.node}", and this one is called "${node.name}". To give it that name: docker plugin set swarmnfs SWARMNFS_NODE=${record.node}`,
        node.name,
      );
    }
    if (record.cidr !== null && !readNetwork(record.cidr).allows(null, node.address)) {
      throw denied(
        `the join token may only be used from ${record.cidr}, and this node calls from ${node.address}`,
        record.node,
      );
    }
    return record;
  }

  /** On disk before it returns. Who checks and spends lets nobody else do so meanwhile. */
  async spend(
    record: TokenRecord,
    by: { readonly id: string; readonly key: string },
  ): Promise<void> {
    if (record.spent !== null) return;
    const spent = { id: by.id, key: by.key, at: rfc3339(this.#clock.now()) };
    await this.#save({ ...record, spent });
  }

  /** What is compared are hashes, and each in constant time: how long it takes tells nothing of a secret. */
  #find(secret: string): TokenRecord | null {
    const hash = Buffer.from(hashOf(secret), "hex");
    const records = [...this.#records.values()];
    return records.find((record) => timingSafeEqual(Buffer.from(record.hash, "hex"), hash)) ?? null;
  }

  async #save(record: TokenRecord): Promise<void> {
    await writeFileAtomic(
      join(this.#folder, `${record.hash}.json`),
      `${JSON.stringify(record, null, 2)}\n`,
    );
    this.#records.set(record.hash, record);
  }

  /** What has ended is remembered for a day, so that people are told that rather than "not known". */
  async #sweep(): Promise<void> {
    const before = this.#clock.now() - 24 * 60 * 60 * 1000;
    const over = [...this.#records.values()].filter(
      ({ expiresAt }) => Date.parse(expiresAt) < before,
    );
    for (const { hash } of over) {
      await rm(join(this.#folder, `${hash}.json`), { force: true });
      this.#records.delete(hash);
    }
    if (over.length > 0) await syncDirectory(this.#folder);
  }
}

function readNetwork(cidr: string): AllowedHosts {
  const rule = parseHostRule(cidr);
  if (rule.kind !== "name") return new AllowedHosts([rule]);
  throw new UserError(
    "invalid",
    `"${cidr}" is no address or network. Write 10.0.0.5, or 10.0.0.0/24`,
  );
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function denied(reason: string, node: string): UserError {
  return new UserError(
    "denied",
    `${reason}. Another one is made on the storage node: swarmnfs server token ${node}`,
  );
}

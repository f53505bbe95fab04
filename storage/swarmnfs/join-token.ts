import * as z from "zod";
import { UserError } from "../../service/user-error.ts";

/** What a node needs to enrol, and nobody else may see until it has. */
export interface JoinToken {
  /** Where the server said it is: `storage1:2050`; a node uses the address in its own settings first. */
  readonly server?: string | undefined;
  /** SHA-256 of the DER of the server's authority, 64 hex digits: whom to believe. */
  readonly ca: string;
  /** The one name that may enrol with it. */
  readonly node: string;
  readonly secret: string;
}

const prefix = "swarmnfs-join-";
const version = 1;

const contentSchema = z.looseObject({
  v: z.literal(version),
  server: z.string().optional(),
  ca: z.string().regex(/^[0-9a-f]{64}$/),
  node: z.string().min(1),
  secret: z.string().min(1),
});

/** One word, to be copied. */
export function formatJoinToken({ server, ca, node, secret }: JoinToken): string {
  const content = JSON.stringify({ v: version, server, ca, node, secret });
  return `${prefix}${version}.${Buffer.from(content).toString("base64url")}`;
}

/** Throws `UserError` (invalid, unsupported) that never repeats the token. */
export function parseJoinToken(text: string): JoinToken {
  const [, given, content] = /^swarmnfs-join-(\d{1,6})\.([A-Za-z0-9_-]+)$/.exec(text.trim()) ?? [];
  if (given !== undefined && Number(given) > version) {
    throw new UserError(
      "unsupported",
      `the join token is of version ${given}, and this node understands ${version}: the server is newer. Upgrade this node`,
    );
  }
  const parsed = contentSchema.safeParse(decoded(content));
  if (!parsed.success) {
    throw new UserError(
      "invalid",
      `this is not a join token: ${prefix}${version}. and a long word were expected. It may have been cut off when it was copied. Make another one on the storage node: swarmnfs server token NODE`,
    );
  }
  const { server, ca, node, secret } = parsed.data;
  return { server, ca, node, secret };
}

function decoded(content: string | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(content ?? "", "base64url").toString());
  } catch {
    return null;
  }
}

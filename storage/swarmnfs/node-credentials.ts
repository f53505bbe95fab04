import { readFile, rename } from "node:fs/promises";
import * as z from "zod";
import { writeFileAtomic } from "../../service/atomic-file.ts";

const credentialsSchema = z.looseObject({
  schema: z.literal(1),
  /** Whose they are. A state directory that was copied from another machine has credentials of that one. */
  nodeId: z.uuid(),
  /** PEM: the node's certificate, its key, and the authority by which it knows the server. */
  certificate: z.string(),
  key: z.string(),
  authority: z.string(),
  /** SHA-256 of the join token they were got for, hex: so that a token that was used is told from a new one. */
  token: z.string(),
});

/** What a node proves with that it has joined a storage node. */
export type NodeCredentials = z.infer<typeof credentialsSchema>;

/** The credentials of this node, in a file that only root can read. */
export class CredentialsFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Null where there are none. A file that cannot be understood is set aside: the node has to join again. */
  async read(): Promise<NodeCredentials | null> {
    const text = await readFile(this.path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (text === null) return null;
    try {
      return credentialsSchema.parse(JSON.parse(text));
    } catch {
      await rename(this.path, `${this.path}.damaged-${new Date().toISOString()}`);
      return null;
    }
  }

  /** Whole or not at all. */
  async write(credentials: NodeCredentials): Promise<void> {
    await writeFileAtomic(this.path, `${JSON.stringify(credentials, null, 2)}\n`);
  }
}

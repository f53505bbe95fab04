import { unescaped } from "./questions.ts";

/** The client that the server's attack on itself pretends to be; no node has such a name. */
export const selfTestClient = ".self-test";

/** Something that the kernel shows to a client. */
export interface KnownExport {
  readonly client: string;
  readonly path: string;
}

/**
 * Understands `/proc/net/rpc/nfsd.export/content`: a path, a tab, the client with its flags in brackets. What begins with
 * "#" is a headline, a "no", or not answered.
 */
export function knownExports(content: string): KnownExport[] {
  return content.split("\n").flatMap((line) => {
    const [, path, client] = /^([^#\t]\S*)\t(.*)\([^(]*\)$/.exec(line) ?? [];
    return path === undefined || client === undefined
      ? []
      : [{ client: unescaped(client), path: unescaped(path) }];
  });
}

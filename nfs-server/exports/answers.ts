import { SocketAddress, isIPv6 } from "node:net";
import { UserError } from "../../service/user-error.ts";
import { pseudoRootFlags, volumeFlags } from "./flags.ts";
import type { ExportPart } from "./whole-storage.ts";
import {
  fsidHex,
  fsidOfHex,
  numberedFsid,
  type ExportTerms,
  type Question,
  type Told,
} from "./questions.ts";

/** Where the kernel sees the volumes: a directory for each in here, which is the root that clients mount from. */
export interface Shown {
  readonly root: string;
  /** Whether clients must come with a certificate. */
  readonly mutualTls: boolean;
}

/** File system id of the pseudo-root; no volume has it. */
const rootFsid = 0;
/** Who is nobody: what root and strangers become where they are squashed and nothing else was said. */
const nobody = { uid: 65_534, gid: 65_534 } as const;

/** Who may what: the export table. It only knows; whoever changes it tells the kernel. */
export class ExportTable {
  readonly #clients = new Map<string, string>();
  readonly #grants = new Map<string, Map<string, ExportPart>>();
  /** The same by client and number, as file handles name it. */
  readonly #byHandle = new Map<string, ExportPart>();

  /** The client at an address, in the form of {@link canonicalAddress}. */
  clientAt(address: string): string | null {
    return this.#clients.get(address) ?? null;
  }

  addresses(): readonly string[] {
    return [...this.#clients.keys()];
  }

  clients(): readonly string[] {
    return [...new Set([...this.#clients.values(), ...this.#grants.keys()])];
  }

  /** Whether the kernel can know this client: it does by its addresses. */
  hasAddress(client: string): boolean {
    return [...this.#clients.values()].includes(client);
  }

  admit(client: string, address: string): void {
    this.#clients.set(address, client);
  }

  dismiss(address: string): void {
    this.#clients.delete(address);
  }

  granted(client: string, volume: string): ExportPart | null {
    return this.#grants.get(client)?.get(volume) ?? null;
  }

  grantsOf(client: string): readonly ExportPart[] {
    return [...(this.#grants.get(client)?.values() ?? [])];
  }

  holdersOf(volume: string): readonly string[] {
    return [...this.#grants].filter(([, own]) => own.has(volume)).map(([client]) => client);
  }

  grant(client: string, granted: ExportPart): void {
    this.revoke(client, granted.volume);
    const own = this.#grants.get(client) ?? new Map<string, ExportPart>();
    own.set(granted.volume, granted);
    this.#grants.set(client, own);
    this.#byHandle.set(`${client} ${granted.fsid}`, granted);
  }

  revoke(client: string, volume: string): void {
    const own = this.#grants.get(client);
    const granted = own?.get(volume);
    if (own === undefined || granted === undefined) return;
    own.delete(volume);
    if (own.size === 0) this.#grants.delete(client);
    this.#byHandle.delete(`${client} ${granted.fsid}`);
  }

  /** For the kernel's questions: the grant of a client by the number in a file handle. */
  grantByFsid(client: string, fsid: number): ExportPart | null {
    return this.#byHandle.get(`${client} ${fsid}`) ?? null;
  }
}

/** What the kernel is told when it asks. Nothing is looked up anywhere else: no file, no name server. */
export function answer(table: ExportTable, shown: Shown, question: Question): Told {
  switch (question.channel) {
    case "auth.unix.ip": {
      const address = canonicalAddress(question.address);
      const isOurs = question.service === "nfsd" && address !== null;
      return { question, answer: isOurs ? table.clientAt(address) : null };
    }
    case "nfsd.fh":
      return { question, answer: pathOfHandle(table, shown, question) };
    case "nfsd.export":
      return { question, answer: termsOfPath(table, shown, question) };
  }
}

/** What the kernel is told of an address before it asks. */
export function addressTold(address: string, client: string | null): Told {
  return { question: { channel: "auth.unix.ip", service: "nfsd", address }, answer: client };
}

/** What the kernel is told of the pseudo-root unasked: a client that may mount anything begins there. */
export function rootTold(shown: Shown, client: string, holds: boolean): readonly Told[] {
  return [
    { question: handleOf(client, rootFsid), answer: holds ? shown.root : null },
    {
      question: { channel: "nfsd.export", client, path: shown.root },
      answer: holds ? rootTerms(shown) : null,
    },
  ];
}

/**
 * What the kernel is told of a grant, or that there is none any more. The file handle first: it needs nothing but the
 * number, so that a "no" always arrives.
 */
export function grantTold(
  shown: Shown,
  client: string,
  granted: ExportPart,
  holds: boolean,
): readonly Told[] {
  const path = pathOf(shown, granted.volume);
  return [
    { question: handleOf(client, granted.fsid), answer: holds ? path : null },
    {
      question: { channel: "nfsd.export", client, path },
      answer: holds ? volumeTerms(shown, granted) : null,
    },
  ];
}

/** Where the kernel sees a volume. */
export function pathOf(shown: Shown, volume: string): string {
  return `${shown.root}/${volume}`;
}

/** One form of each address, as `10.0.0.5` or `fd00::5`, without an interface; null if it is none. */
export function canonicalAddress(text: string): string | null {
  try {
    const bare = text.replace(/%.*$/, "");
    const { address } = new SocketAddress({
      address: bare,
      family: isIPv6(bare) ? "ipv6" : "ipv4",
    });
    // The kernel keeps IPv4 addresses as mapped ones and shows them as what they are.
    return address.replace(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/, "$1");
  } catch {
    return null;
  }
}

/** The same of what a program of ours gives; throws `invalid`. */
export function addressGiven(text: string): string {
  const address = canonicalAddress(text);
  if (address === null)
    throw new UserError(
      "invalid",
      `"${text}" is no address: one is expected as 10.0.0.5 or fd00::5`,
    );
  return address;
}

function handleOf(client: string, fsid: number): Question & { channel: "nfsd.fh" } {
  return { channel: "nfsd.fh", client, fsidType: numberedFsid, fsid: fsidHex(fsid) };
}

function pathOfHandle(
  table: ExportTable,
  shown: Shown,
  { client, fsidType, fsid }: Question & { channel: "nfsd.fh" },
): string | null {
  const number = fsidType === numberedFsid ? fsidOfHex(fsid) : null;
  if (number === null) return null;
  if (number === rootFsid) return table.hasAddress(client) ? shown.root : null;
  const granted = table.grantByFsid(client, number);
  return granted === null ? null : pathOf(shown, granted.volume);
}

function termsOfPath(
  table: ExportTable,
  shown: Shown,
  { client, path }: Question & { channel: "nfsd.export" },
): ExportTerms | null {
  if (path === shown.root) return table.hasAddress(client) ? rootTerms(shown) : null;
  const prefix = `${shown.root}/`;
  if (!path.startsWith(prefix)) return null;
  const granted = table.granted(client, path.slice(prefix.length));
  return granted === null ? null : volumeTerms(shown, granted);
}

function rootTerms({ mutualTls }: Shown): ExportTerms {
  return { flags: pseudoRootFlags, anonymous: nobody, fsid: rootFsid, mutualTls };
}

function volumeTerms({ mutualTls }: Shown, granted: ExportPart): ExportTerms {
  const { squash, fsid } = granted;
  const flags = granted.isWay === true ? pseudoRootFlags : volumeFlags(granted);
  return { flags, anonymous: squash ?? nobody, fsid, mutualTls };
}

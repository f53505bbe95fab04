/** The channels of the kernel that we answer. There is one more, `auth.unix.gid`: opening it would make it wait for us. */
export const channelNames = ["auth.unix.ip", "nfsd.fh", "nfsd.export"] as const;
export type ChannelName = (typeof channelNames)[number];

/** What the kernel wants to know, and the key under which it remembers the answer. */
export type Question =
  /** Who is this address? */
  | { readonly channel: "auth.unix.ip"; readonly service: string; readonly address: string }
  /** Which export is meant by the beginning of a file handle? `fsid` is hex, in the kernel's order of bytes. */
  | {
      readonly channel: "nfsd.fh";
      readonly client: string;
      readonly fsidType: number;
      readonly fsid: string;
    }
  /** What may this client do there? */
  | { readonly channel: "nfsd.export"; readonly client: string; readonly path: string };

/** How an export is shown. */
export interface ExportTerms {
  readonly flags: number;
  readonly anonymous: { readonly uid: number; readonly gid: number };
  readonly fsid: number;
  /** Clients must prove themselves by a certificate (RFC 9289). */
  readonly mutualTls: boolean;
}

/** A question with its answer; null is "no". */
export type Told =
  | { readonly question: Question & { channel: "auth.unix.ip" }; readonly answer: string | null }
  | { readonly question: Question & { channel: "nfsd.fh" }; readonly answer: string | null }
  | {
      readonly question: Question & { channel: "nfsd.export" };
      readonly answer: ExportTerms | null;
    };

/** The file system id of an export that is known by a number: fsid type 1. */
export const numberedFsid = 1;
/** AUTH_SYS, the only way to log in that is allowed. */
const authSys = 1;
/** `NFSEXP_XPRTSEC_MTLS`. */
const transportMutualTls = 4;

/** A number as the kernel writes it in `nfsd.fh`, where it is little-endian (x86, ARM). */
export function fsidHex(fsid: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(fsid);
  return bytes.toString("hex");
}

/** The number again; null if it is none. */
export function fsidOfHex(hex: string): number | null {
  return /^[0-9a-f]{8}$/.test(hex) ? Buffer.from(hex, "hex").readUInt32LE() : null;
}

/** Understands a line of a channel, without or with its newline. Null: nothing we know, and so nothing we answer. */
export function parseQuestion(channel: ChannelName, line: string): Question | null {
  const words = line
    .replace(/\n$/, "")
    .split(" ")
    .filter((word) => word !== "");
  const [first = "", second = "", third = ""] = words;
  switch (channel) {
    case "auth.unix.ip":
      if (words.length !== 2) return null;
      return { channel, service: unescaped(first), address: unescaped(second) };
    case "nfsd.fh": {
      if (words.length !== 3 || !/^\d+$/.test(second) || !/^\\x([0-9a-f]{2})*$/.test(third))
        return null;
      return {
        channel,
        client: unescaped(first),
        fsidType: Number(second),
        fsid: third.slice("\\x".length),
      };
    }
    case "nfsd.export":
      if (words.length !== 2) return null;
      return { channel, client: unescaped(first), path: unescaped(second) };
  }
}

/** A question as the kernel writes it, without newline. */
export function formatQuestion(question: Question): string {
  switch (question.channel) {
    case "auth.unix.ip":
      return `${escaped(question.service)} ${escaped(question.address)}`;
    case "nfsd.fh":
      return `${escaped(question.client)} ${question.fsidType} \\x${question.fsid}`;
    case "nfsd.export":
      return `${escaped(question.client)} ${escaped(question.path)}`;
  }
}

/** The line that answers, with its newline. `expiry` is in seconds of the wall clock. */
export function formatAnswer(told: Told, expiry: number): string {
  return `${formatQuestion(told.question)} ${expiry}${terms(told.answer)}\n`;
}

function terms(answer: ExportTerms | string | null): string {
  if (answer === null) return "";
  if (typeof answer === "string") return ` ${escaped(answer)}`;
  const { flags, anonymous, fsid, mutualTls } = answer;
  // The flags of a way to log in must be the export's own, or the kernel refuses the line (EINVAL).
  const login = `secinfo 1 ${authSys} ${flags}`;
  const transport = mutualTls ? ` xprtsec 1 ${transportMutualTls}` : "";
  return ` ${flags} ${anonymous.uid} ${anonymous.gid} ${fsid} ${login}${transport}`;
}

/** What separates words, and the backslash, become three octal digits. */
function escaped(word: string): string {
  if (word === "") return "\\x";
  return word.replaceAll(
    /[\\ \n\t]/g,
    (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}

/** The same back; the kernel may also write a whole word as hex. */
export function unescaped(word: string): string {
  if (word.startsWith("\\x")) return Buffer.from(word.slice(2), "hex").toString();
  return word.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

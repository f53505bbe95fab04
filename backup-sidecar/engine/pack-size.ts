import { parseSize } from "../../service/size.ts";
import { UserError } from "../../service/user-error.ts";

const mebi = 1024 ** 2;
/** Bounds of restic 0.18, in MiB. */
const [smallest, largest] = [4, 128];
/** restic's own size. Servers that take no such bodies are rare. */
const usual = 16;
/** Three requests for each pack: a first backup takes half of them. Below the 100 MB that Cloudflare lets through. */
const large = 64;

/** As set: MiB, or `auto`. Throws `UserError` (invalid). */
export function parsePackSize(text: string): number | "auto" {
  if (text === "auto") return text;
  const size = parseSize(text) / mebi;
  if (Number.isInteger(size) && size >= smallest && size <= largest) return size;
  throw new UserError(
    "invalid",
    `"${text}" is no size of packs: auto is expected, or whole mebibytes from ${smallest}M to ${largest}M`,
  );
}

/** How large the files are that restic puts what it saves together in. */
export class PackSize {
  readonly #isFixed: boolean;
  #mebibytes: number;

  /** `slow`: uploads take long, and one that breaks begins again. */
  constructor(set: number | "auto", slow: boolean) {
    this.#isFixed = set !== "auto";
    this.#mebibytes = set === "auto" ? (slow ? usual : large) : set;
  }

  get mebibytes(): number {
    return this.#mebibytes;
  }

  /** The server takes no packs of so many MiB. Whether smaller ones are worth a try: from now on they are. */
  refused(mebibytes: number): boolean {
    if (this.#isFixed || mebibytes <= usual) return false;
    this.#mebibytes = usual;
    return true;
  }
}

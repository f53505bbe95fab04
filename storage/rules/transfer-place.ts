import { UserError } from "../../service/user-error.ts";

/** Where data is that is to become a volume's, or where a volume's goes. */
export type TransferPlace =
  /** A volume of Docker's on this node, of whatever driver but ours. */
  | { readonly kind: "volume"; readonly name: string; readonly of: "local" | "nfs" | "any" }
  /** A directory of this node. */
  | { readonly kind: "path"; readonly path: string };

const kinds = { local: "local", nfs: "nfs", volume: "any" } as const;

/** Understands `local:NAME`, `nfs:NAME`, `volume:NAME` and absolute paths. Throws `invalid`. */
export function transferPlace(text: string): TransferPlace {
  if (/\p{Cc}/u.test(text) || text.length > 4096) throw notAPlace(text);
  if (text.startsWith("/")) {
    const path = text.replaceAll(/\/+/g, "/").replace(/(?<=.)\/$/, "");
    if (path === "/" || path.split("/").some((step) => step === "." || step === ".."))
      throw notAPlace(text);
    return { kind: "path", path };
  }
  const [, kind = "", name = ""] =
    /^(local|nfs|volume):([a-zA-Z0-9][a-zA-Z0-9_.-]*)$/.exec(text) ?? [];
  if (kind === "local" || kind === "nfs" || kind === "volume")
    return { kind: "volume", name, of: kinds[kind] };
  throw notAPlace(text);
}

function notAPlace(text: string): UserError {
  return new UserError(
    "invalid",
    `"${text}" is not a place that can be copied from or to: write local:NAME or nfs:NAME for a volume of Docker's own, volume:NAME for one of another plugin, or a directory of this node from its root on, as in /srv/blog`,
  );
}

import type { Clock } from "../../service/clock.ts";
import { addressTold, grantTold, rootTold, type Shown } from "../exports/answers.ts";
import type { Export } from "../exports/exports.ts";
import type { Tables } from "../exports/telling.ts";
import { selfTestClient } from "../exports/known-exports.ts";
import type { Told } from "../exports/questions.ts";
import type { Showcase } from "../exports/showing.ts";
import { scratchFolders } from "./scratch.ts";

/** The numbers of the exports: above all that volumes get. */
export const exportNumbers = { granted: 2 ** 31 - 2, other: 2 ** 31 - 1 } as const;

type Name = keyof typeof exportNumbers;

/** What the kernel is told holds no longer than the longest test; a "no" would keep the place busy. */
const holdsMs = 60_000;
const refusalHoldsMs = 5_000;

export interface OwnExportsParts {
  readonly tables: Tables;
  readonly showcase: Showcase;
  readonly clock: Clock;
}

/**
 * What the kernel shows to the self-test. It is told directly, past the export table, by the same lines as for volumes: so
 * it can be tested before any node is answered, and what nodes have stays as it is.
 */
export class OwnExports {
  readonly #parts: OwnExportsParts;
  readonly #shown: Shown;

  constructor(parts: OwnExportsParts) {
    this.#parts = parts;
    // Without a certificate: what is tested is not how one proves who one is.
    this.#shown = { root: parts.showcase.path, mutualTls: false };
  }

  /** Both directories are exported to whoever calls from this address. Throws what keeps them from it. */
  async open(address: string): Promise<void> {
    await this.#hide();
    const both = [exportOf("granted"), exportOf("other")];
    const failures = await this.#parts.showcase.show(
      both.map((each) => ({ ...each, folders: scratchFolders[nameOf(each)] })),
    );
    for (const failure of failures.values()) throw failure;
    this.#tell([
      addressTold(address, selfTestClient),
      ...rootTold(this.#shown, selfTestClient, true),
    ]);
    for (const each of both) this.#tell(grantTold(this.#shown, selfTestClient, each, true));
  }

  /** The other one is not any more: from now on it is somebody else's. */
  refuseOther(): void {
    const told = grantTold(this.#shown, selfTestClient, exportOf("other"), false);
    // For as long as anything is tried: a question of the kernel's might find nobody who answers yet.
    this.#tell(told);
  }

  /** The granted one is shown to who has a certificate alone. */
  demandCertificate(): void {
    const shown = { ...this.#shown, mutualTls: true };
    this.#tell(grantTold(shown, selfTestClient, exportOf("granted"), true));
  }

  /** Nothing of it is left, as far as the kernel and mount(8) do what they are told. */
  async close(address: string): Promise<void> {
    const lines = [exportOf("granted"), exportOf("other")].flatMap((each) =>
      grantTold(this.#shown, selfTestClient, each, false),
    );
    for (const told of [...lines, addressTold(address, null)])
      try {
        this.#tell([told], refusalHoldsMs);
      } catch {
        // It does not know the client any more, and so shows it nothing.
      }
    await this.#hide();
  }

  async #hide(): Promise<void> {
    for (const name of ["granted", "other"] as const)
      await this.#parts.showcase.hide(exportOf(name).volume);
  }

  #tell(lines: readonly Told[], forMs = holdsMs): void {
    const expiry = Math.floor((this.#parts.clock.now() + forMs) / 1000);
    for (const told of lines) this.#parts.tables[told.question.channel].tell(told, expiry);
  }
}

/** The name is none that a volume can have. */
export function placeOf(name: Name): string {
  return `.self-test-${name}`;
}

function exportOf(name: Name): Export {
  const fsid = exportNumbers[name];
  return { volume: placeOf(name), app: "", fsid, readOnly: true, squash: null };
}

function nameOf({ fsid }: Export): Name {
  return fsid === exportNumbers.granted ? "granted" : "other";
}

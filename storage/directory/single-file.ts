import { v7 as uuid } from "uuid";
import type { Directory, Stamp } from "./confined.ts";
import type { Layout, Parts } from "./parts.ts";

/** A claim that is older was left by somebody who died. */
const staleMs = 12 * 60_000;

export interface Found {
  readonly text: string;
  readonly stamp: Stamp;
}

export interface Replacement {
  /** Below `.swarmnfs`. */
  readonly file: string;
  readonly text: string;
  /** Whether what is there now (null: nothing) may be replaced. */
  readonly may: (current: Found | null) => boolean;
  /** A power cut may take it back. */
  readonly passing?: boolean;
}

/** Replaces a file of which there is one, if it may. Of several who have seen the same only one is told true. */
export async function replaceSingleFile(
  parts: Pick<Parts, "clock">,
  layout: Layout,
  { file, text, may, passing = false }: Replacement,
): Promise<boolean> {
  const [tmp, claims] = await Promise.all([layout.folder("tmp"), layout.folder("claims")]);
  const temporary = uuid();
  try {
    const written = await tmp.write(temporary, text, passing);
    parts.clock.observe(written.mtimeMs);
    const current = await layout.meta.read(file);
    if (!may(current)) return false;
    if (current === null) return await tmp.link(temporary, layout.meta, file);
    // Of two that see the same file only one may link its successor.
    const claim = `${file.replace(/\.json$/, "")}.${current.stamp.mtimeNs}`;
    if (!(await tmp.link(temporary, claims, claim))) {
      await dropStaleClaim(parts, claims, claim);
      return false;
    }
    const now = await layout.meta.stat(file);
    if (now === null || now.mtimeNs !== current.stamp.mtimeNs) {
      await claims.unlink(claim);
      return false;
    }
    if (!(await claims.rename(claim, layout.meta, file))) return false;
    if (!passing) await layout.meta.sync();
    return true;
  } finally {
    await tmp.unlink(temporary);
  }
}

// Whoever linked it and died would otherwise keep everybody from the file for ever.
async function dropStaleClaim(
  parts: Pick<Parts, "clock">,
  claims: Directory,
  claim: string,
): Promise<void> {
  const stamp = await claims.stat(claim);
  if (stamp !== null && parts.clock.now() - Number(stamp.ctimeMs) > staleMs)
    await claims.unlink(claim);
}

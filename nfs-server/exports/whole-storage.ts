import { rootApp, sharedApp } from "../../storage/rules/names.ts";
import type { Export } from "./exports.ts";

/** An export as it is told to the kernel. */
export interface ExportPart extends Export {
  /** It shows nothing but ways to other exports. */
  readonly isWay?: boolean;
  /** Where it lies, from the storage's root on, if it is not a volume's own directory. */
  readonly folders?: readonly string[];
}

/** What a `root=true` volume shows. Never what is beside it: our records and the authority's key are under no export. */
const shownFolders = ["apps", sharedApp] as const;

/** Beside the numbers of volumes, which have thirty bits: the parts of one have the same number in ranges of their own. */
const rangeOf = { apps: 2 ** 31, [sharedApp]: 2 ** 31 + 2 ** 30 } as const;

/**
 * A volume is one export. The whole storage is a way, and below it the folders in which volumes lie: so clients see
 * `apps/blog/blog_data` as on other storages.
 */
export function partsOf(granted: Export): readonly ExportPart[] {
  if (granted.app !== rootApp) return [granted];
  const { volume, fsid } = granted;
  const parts = shownFolders.map((folder) => ({
    ...granted,
    volume: `${volume}/${folder}`,
    fsid: rangeOf[folder] + fsid,
    folders: [folder],
    squash: null,
  }));
  return [{ ...granted, isWay: true }, ...parts];
}

/** Those of them that have a place of their own where the kernel sees them. */
export function placesOf(granted: Pick<Export, "volume" | "app">): readonly {
  readonly volume: string;
  readonly app: string;
  readonly folders?: readonly string[];
}[] {
  const { volume, app } = granted;
  if (app !== rootApp) return [granted];
  return shownFolders.map((folder) => ({ volume: `${volume}/${folder}`, app, folders: [folder] }));
}

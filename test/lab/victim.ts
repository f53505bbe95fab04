import * as z from "zod";
import type { Machine } from "../../lab/machine.ts";
import type { Victim } from "./raw-nfs/errand.ts";

/** Whose the victim's files are: nobody else may do anything with them. */
export const victimUid = 2002;

const inode = z.object({ number: z.int(), generation: z.int() });
const facts = z.object({
  file: inode,
  directory: inode,
  above: inode,
  kind: z.string(),
  subvolumes: z.object({ file: z.int(), directory: z.int(), above: z.int() }).nullable(),
  uuid: z.string(),
  device: z.object({ major: z.int(), minor: z.int() }),
});

/** What lies on a server, and is nobody's business. */
export interface Planted {
  /** On the server's disk. */
  readonly directory: string;
  readonly victim: Victim;
  readonly secret: string;
}

/**
 * Puts a file with a secret into `directory` of the server, for one user alone, and finds out all that a thief could know
 * of it. `path` and `exportNumber` are how clients that may have it see it.
 */
export async function plant(
  server: Machine,
  directory: string,
  { path, exportNumber }: Pick<Victim, "path" | "exportNumber">,
): Promise<Planted> {
  const token = path.join("-");
  const [fileName, secret] = [`secret-of-${token}`, `nobody but ${token} may read this`];
  const text = await server.must(
    `set -e
    cd ${directory}
    printf '${secret}' >${fileName}
    chown ${victimUid}:${victimUid} . ${fileName}
    chmod 700 .
    chmod 600 ${fileName}
    sync
    inode() { printf '{"number": %s, "generation": %s}' $(stat -c %i $1) $(lsattr -vd $1 | awk '{ print $1 }'); }
    subvolume() { btrfs inspect-internal rootid $1; }
    kind=$(stat -f -c %T .)
    subvolumes=null
    [ $kind != btrfs ] || subvolumes="{\\"file\\": $(subvolume ${fileName}), \\"directory\\": $(subvolume .), \\"above\\": $(subvolume ..)}"
    disk=$(df --output=source . | tail -n 1)
    cat <<FACTS
    { "file": $(inode ${fileName}), "directory": $(inode .), "above": $(inode ..), "kind": "$kind", "subvolumes": $subvolumes,
      "uuid": "$(blkid -s UUID -o value $disk)", "device": {"major": $(stat -c %Hd .), "minor": $(stat -c %Ld .)} }
FACTS`,
    { timeout: 60_000 },
  );
  const found = facts.parse(JSON.parse(text));
  const { file, above, subvolumes, uuid, device } = found;
  const inDirectory = subvolumes && { file: subvolumes.file, parent: subvolumes.directory };
  const inAbove = subvolumes && { file: subvolumes.directory, parent: subvolumes.above };
  return {
    directory,
    secret,
    victim: {
      path,
      fileName,
      file: { file, parent: found.directory, ...(inDirectory && { subvolumes: inDirectory }) },
      directory: {
        file: found.directory,
        parent: above,
        ...(inAbove && { subvolumes: inAbove }),
      },
      exportNumber,
      uuid,
      device,
    },
  };
}

/** What a thief has changed there, in words; empty: nothing. */
export async function damage(server: Machine, planted: Planted): Promise<string> {
  const { directory, victim, secret } = planted;
  return server.must(
    `cd ${directory}
    ls -A | grep -vx '${victim.fileName}'
    printf '${secret}' | cmp - ${victim.fileName} 2>&1
    stat -c '%u %a' . ${victim.fileName} | grep -vxE '${victimUid} (700|600)'
    true`,
    { timeout: 60_000 },
  );
}

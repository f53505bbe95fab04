import type { Node } from "../engine/app-repository.ts";

export interface SampleLimits {
  readonly files: number;
  readonly bytes: number;
}

/** Files of a version, chosen so that each is as likely as any other; those that are too large are left out. */
export async function sampleOf(
  nodes: AsyncIterable<Node>,
  limits: SampleLimits,
  random: () => number,
): Promise<{ readonly chosen: readonly Node[]; readonly files: number }> {
  const reservoir: Node[] = [];
  let [files, eligible] = [0, 0];
  for await (const node of nodes) {
    if (node.type !== "file") continue;
    files += 1;
    // A name that is no text cannot be asked for.
    if (node.path.includes("\uFFFD") || node.size > limits.bytes / 2) continue;
    eligible += 1;
    if (reservoir.length < limits.files) reservoir.push(node);
    else {
      const at = Math.floor(random() * eligible);
      if (at < limits.files) reservoir[at] = node;
    }
  }
  let room = limits.bytes;
  const chosen = reservoir.filter(({ size }) => {
    if (size > room) return false;
    room -= size;
    return true;
  });
  return { chosen, files };
}

/** A path as a pattern of restic that means this file alone. */
export function exactly(path: string): string {
  return path.replaceAll(/[\\*?[\]]/g, String.raw`\$&`);
}

import { randomInt } from "node:crypto";
import { isTrouble } from "./file-trouble.ts";
import type { Layout } from "./layout.ts";

/** Above the largest there is: 0 is the root of all exports, and what is beyond thirty bits our server's own. */
const end = 2 ** 30;

/**
 * Takes a number that no other volume has, nor anything in the trash: to the kernel it is the file system's id of the export
 * and the project of the quota, and two volumes of one number would be one to it. `draw` is for tests.
 */
export async function takeNumber(
  layout: Layout,
  draw: () => number = () => randomInt(1, end),
): Promise<number> {
  const folder = await layout.folder("numbers");
  for (;;) {
    const number = draw();
    try {
      await folder.write(String(number), "", true);
      return number;
    } catch (error) {
      if (!isTrouble(error, "EEXIST")) throw error;
    }
  }
}

/** Nothing of the volume is left. A number that a crash leaves taken does no harm: there are a thousand million. */
export async function giveNumberBack(layout: Layout, number: number): Promise<void> {
  await (await layout.folder("numbers")).unlink(String(number));
}

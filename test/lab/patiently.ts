import process from "node:process";
import { eventually, say } from "./eventually.ts";

/**
 * With LAB_BUSY=1, which says that this machine has other work, a volume or a container that could not be because its
 * storage was too slow is tried again. Each time is told.
 */
export const isBusy = process.env["LAB_BUSY"] === "1";

/** Does it again on a busy machine, as long as nothing but a slow storage is in the way. */
export async function patiently(
  what: string,
  work: (isAgain: boolean) => Promise<string>,
): Promise<string> {
  if (!isBusy) return work(false);
  let isAgain = false;
  const { said } = await eventually(async () => {
    try {
      return { said: await work(isAgain) };
    } catch (error) {
      if (!/Nothing is lost|Try again in a moment/.test(String(error))) throw error;
      say(String(error));
      isAgain = true;
      return null;
    }
  }, what);
  return said;
}

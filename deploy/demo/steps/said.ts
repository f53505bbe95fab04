import type { Outcome } from "../../../engine-box/outcome.ts";

/** What a person reads on the terminal, without Docker's frame around the plugin's words. */
export function said({ stdout, stderr }: Outcome): string {
  const text = `${stderr}\n${stdout}`.trim();
  const at = text.indexOf("swarmnfs: ");
  return (
    (at === -1 ? text : text.slice(at + "swarmnfs: ".length)).split("\n")[0]?.replace(/\.$/, "") ??
    ""
  );
}

import type { Outcome } from "../../../engine-box/outcome.ts";

/** What a person reads on the terminal; of the plugin's refusals only its own words, without Docker's frame. */
export function said({ stdout, stderr }: Outcome): string {
  const text = `${stderr}\n${stdout}`.trim();
  const at = text.lastIndexOf("swarmnfs: ");
  if (at === -1) return text.split("\n").slice(-5).join("\n");
  const [words = ""] = text.slice(at + "swarmnfs: ".length).split("\n");
  return words.replace(/\.$/, "");
}

import type { Outcome } from "../../engine-box/outcome.ts";

/**
 * What the plugin said, word for word, without Docker's frame around it. Older clients of Docker close every error with
 * a full stop of their own, so a final one is not part of it; neither are hints of the client on lines of their own.
 */
export function refusal({ exitCode, stdout, stderr }: Outcome): string {
  const text = `${stderr}\n${stdout}`;
  const at = text.search(/(?<![.\w])swarmnfs: /);
  if (exitCode === 0 || at === -1) return `no refusal: exit code ${exitCode}, ${text.trim()}`;
  const [line = ""] = text.slice(at + "swarmnfs: ".length).split("\n");
  return line.trimEnd().replace(/\.$/, "");
}

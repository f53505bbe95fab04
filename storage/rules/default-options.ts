import { meaning } from "./differences.ts";
import { optionNames, type VolumeOptions } from "./options.ts";

/** The options that a request has although nobody asked for them: a node's defaults, as texts. */
export function defaultOptions(options: VolumeOptions): Record<string, string> {
  const texts = optionNames
    .filter((option) => option !== "root" && options.asked[option] === undefined)
    .map((option) => [option, meaning(option, options)] as const);
  return Object.fromEntries(texts.filter(([, text]) => text !== "none"));
}

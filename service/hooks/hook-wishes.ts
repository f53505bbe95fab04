import type { HookContainer } from "./hook-engine.ts";

/** What a container asks for by its labels. */
export interface HookWishes {
  readonly pre: string | null;
  readonly post: string | null;
  readonly halt: "pause" | "stop" | null;
}

const prefix = "swarmnfs.backup.";
const words = new Set(["pre", "post", "pause", "stop"]);

/** Understands the labels `swarmnfs.backup.…`; what cannot be understood is told, and not done. */
export function wishesOf(container: Pick<HookContainer, "labels" | "name">): {
  readonly wishes: HookWishes;
  readonly notes: readonly string[];
} {
  const notes: string[] = [];
  const labels = new Map(
    Object.entries(container.labels)
      .filter(([label]) => label.startsWith(prefix))
      .map(([label, value]) => [label.slice(prefix.length), value] as const),
  );
  for (const word of labels.keys())
    if (!words.has(word))
      notes.push(
        `container "${container.name}" has a label ${prefix}${word}, which means nothing: there are pre, post, pause and stop`,
      );
  const isOn = (word: string): boolean => {
    const value = labels.get(word);
    if (value === undefined || /^(false|off|no|0|)$/i.test(value)) return false;
    if (/^(true|on|yes|1)$/i.test(value)) return true;
    notes.push(
      `container "${container.name}" has ${prefix}${word}=${value}: true or false was expected`,
    );
    return false;
  };
  const [pause, stop] = [isOn("pause"), isOn("stop")];
  return {
    wishes: {
      pre: labels.get("pre") || null,
      post: labels.get("post") || null,
      halt: stop ? "stop" : pause ? "pause" : null,
    },
    notes,
  };
}

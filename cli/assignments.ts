import { nearest } from "../service/nearest.ts";
import { parseSize } from "../service/size.ts";
import { UsageError } from "./usage-error.ts";
import { messageOf } from "../service/message-of.ts";

export interface AssignmentRules<Change> {
  /** For messages and for the help they point to: `apps set`. */
  readonly command: string;
  /** What a key's value changes; throws `UsageError` that says what was expected. */
  readonly keys: ReadonlyMap<string, (value: string) => Change>;
  /** Keys that a volume is created with and keeps. */
  readonly fixed: readonly string[];
}

/**
 * `services=blog,tools size=20G`, as typed: by key, what it changes. Throws `UsageError` for what is not `key=value`,
 * an unknown or repeated key, or a value that cannot be read.
 */
export function readAssignments<Change>(
  words: readonly string[],
  rules: AssignmentRules<Change>,
): Map<string, Change> {
  const changes = new Map<string, Change>();
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals < 1) {
      throw new UsageError(
        `"${word}" is not key=value. Keys: ${[...rules.keys.keys()].join(", ")}.`,
        rules.command,
      );
    }
    const key = word.slice(0, equals);
    if (changes.has(key))
      throw new UsageError(`"${key}" is given twice. Say it once.`, rules.command);
    const read = rules.keys.get(key);
    if (read === undefined) throw unknownKey(key, rules);
    changes.set(key, read(word.slice(equals + 1)));
  }
  return changes;
}

function unknownKey(key: string, rules: AssignmentRules<unknown>): UsageError {
  const keys = [...rules.keys.keys()];
  if (rules.fixed.includes(key)) {
    return new UsageError(
      `"${key}" is decided when a volume is created and stays. What can be changed: ${keys.join(", ")}.`,
      rules.command,
    );
  }
  const likely = nearest(key, keys);
  const hint = likely === null ? "" : `: did you mean "${likely}"?`;
  return new UsageError(
    `unknown key "${key}"${hint || "."} Keys: ${keys.join(", ")}.`,
    rules.command,
  );
}

/** `a,b`; an empty value or item is refused. */
export function readList(key: string, command: string): (value: string) => string[] {
  return (value) => {
    const items = value.split(",").map((item) => item.trim());
    if (items.includes("")) {
      throw new UsageError(
        `"${key}=${value}" has an empty name in it. Write names with commas between: ${key}=a,b`,
        command,
      );
    }
    return items;
  };
}

/** `20G`, or `none`: null. */
export function readSize(key: string, command: string): (value: string) => number | null {
  return (value) => {
    if (value === "none") return null;
    try {
      return parseSize(value);
    } catch (error) {
      const why = messageOf(error);
      throw new UsageError(`"${key}=${value}": ${why}`, command);
    }
  };
}

export function readChoice<Choice extends string>(
  key: string,
  command: string,
  choices: readonly Choice[],
): (value: string) => Choice {
  return (value) => {
    const chosen = choices.find((choice) => choice === value);
    if (chosen !== undefined) return chosen;
    const likely = nearest(value, choices);
    const hint = likely === null ? "" : ` Did you mean "${likely}"?`;
    throw new UsageError(`"${key}=${value}" is none of ${choices.join(", ")}.${hint}`, command);
  };
}

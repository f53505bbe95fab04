/**
 * What may move the cursor, colour the screen, reorder or hide text: control characters of both sets, direction marks
 * and overrides, characters without width, line separators. Names come from other machines and may hold any of them.
 */
const unprintable =
  // oxlint-disable-next-line no-control-regex -- finding them is the purpose
  /[\u0000-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/g;

// On an eight-bit terminal the bytes of UTF-8 include control characters (0x9B begins an escape sequence).
const beyondAscii = /[^\u0020-\u007E]/g;

/** What our own messages use beyond ASCII, in ASCII. */
const plainer = new Map([
  ["…", "..."],
  ["–", "-"],
  ["→", "->"],
]);

/** Text that is safe on a terminal and on one line: what is not shown as itself is shown as `\u001b`. */
export function printable(text: string, ascii: boolean): string {
  return text
    .toWellFormed()
    .replaceAll(ascii ? beyondAscii : unprintable, (character) =>
      ascii ? (plainer.get(character) ?? escaped(character)) : escaped(character),
    );
}

/** JSON with the same guarantee; the escapes are JSON's own, so that a reader gets every character back. */
export function printableJson(value: unknown, ascii: boolean): string {
  const forbidden = ascii ? /[^\n\u0020-\u007E]/g : unprintable;
  return JSON.stringify(value, null, 2).replaceAll(forbidden, (character) =>
    character === "\n" ? character : escaped(character),
  );
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

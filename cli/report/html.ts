/** A piece of a page, safe to be put into another. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = Html | readonly Html[] | string | number;

/** Whatever is put in is text, and stays text: only pieces that were made here themselves are taken as they are. */
export function html(pieces: TemplateStringsArray, ...values: readonly Value[]): Html {
  const text = pieces.map((piece, index) => {
    const value = values[index];
    return piece + (value === undefined ? "" : textOf(value));
  });
  return new Html(text.join(""));
}

function textOf(value: Value): string {
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("");
  return escaped(String(value));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  // Control characters are no text, and may not be in a page at all.
  const plain = text.replaceAll(/[^\P{Cc}\t\n\r]/gu, "\u{fffd}");
  return plain.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? "");
}

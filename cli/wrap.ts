/**
 * Breaks text between words so that no line is longer than `width`; a word that is longer by itself stays whole, so
 * that it can be copied. Runs of spaces survive where they do not fall on a break. Always at least one line.
 */
export function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line === "") {
      line = word;
    } else if (line.length + 1 + word.length <= width) {
      line += ` ${word}`;
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

export function pad(width: number): string {
  return " ".repeat(Math.max(0, width));
}

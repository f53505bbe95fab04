/**
 * Whether `text` is what the pattern means: `*` is any run of characters, `?` one that `covers` accepts (any, unless it is
 * said), everything else stands for itself. Patterns come from any node: the time is bounded by the two lengths multiplied,
 * where a regular expression of some stars would take for ever.
 */
export function matchesGlob(
  pattern: string,
  text: string,
  covers: (character: string) => boolean = () => true,
): boolean {
  let [next, at] = [0, 0];
  /** The last star, and how far it reaches: what an earlier one took need never be changed. */
  let star: { readonly after: number; reach: number } | null = null;
  while (at < text.length) {
    const [wanted, found = ""] = [pattern[next], text[at]];
    if (wanted === "*") {
      next += 1;
      star = { after: next, reach: at };
    } else if (wanted === "?" ? covers(found) : wanted === found) {
      next += 1;
      at += 1;
    } else if (star === null) return false;
    else {
      star.reach += 1;
      [next, at] = [star.after, star.reach];
    }
  }
  while (pattern[next] === "*") next += 1;
  return next === pattern.length;
}

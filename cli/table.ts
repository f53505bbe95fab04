import { type Part, textOf, withText } from "./terminal.ts";
import { pad, wrap } from "./wrap.ts";

export interface Column {
  readonly title: string;
  /** Its cells may be broken between words when the terminal is narrow. */
  readonly wraps?: boolean;
}

export type Row = readonly Part[];

/** A line in pieces, ready to be painted. */
export type Line = readonly Part[];

const gap = 3;
const tightGap = 2;

/**
 * Lays rows out for `width` columns. Where they do not fit side by side, titles and the cells that may be broken are
 * broken between words inside their own column; where even that does not fit, every row becomes a block of its own.
 * Nothing is ever cut off: a name that is shown can be copied.
 */
export function layOutTable(
  columns: readonly Column[],
  rows: readonly Row[],
  width: number,
): Line[] {
  const titles = columns.map((column) => column.title);
  const natural = columns.map((_, index) => longest(cells([titles, ...rows], index)));
  if (fits(natural, gap, width)) return layOutRows([titles, ...rows], natural, gap);

  const least = columns.map((column, index) =>
    longest([
      ...words([column.title]),
      ...(column.wraps === true ? words(cells(rows, index)) : cells(rows, index)),
    ]),
  );
  for (const space of [gap, tightGap]) {
    if (fits(least, space, width)) {
      return layOutRows([titles, ...rows], narrow(natural, least, space, width), space);
    }
  }
  return layOutBlocks(columns, rows, width);
}

function fits(widths: readonly number[], space: number, width: number): boolean {
  return sum(widths) + space * (widths.length - 1) <= width;
}

/** Takes from the columns that can best spare it until all fit. */
function narrow(
  natural: readonly number[],
  least: readonly number[],
  space: number,
  width: number,
): number[] {
  const widths = [...natural];
  while (!fits(widths, space, width)) {
    const spare = widths.map((wide, index) => wide - (least[index] ?? 0));
    const most = spare.indexOf(Math.max(...spare));
    widths[most] = (widths[most] ?? 0) - 1;
  }
  return widths;
}

function layOutRows(rows: readonly Row[], widths: readonly number[], space: number): Line[] {
  return rows.flatMap((row) => {
    const columns = row.map((cell, index) => wrap(textOf(cell), widths[index] ?? Infinity));
    const height = Math.max(...columns.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      trimmed(
        row.flatMap((cell, index): Part[] => {
          const piece = withText(cell, columns[index]?.[line] ?? "");
          return [piece, pad((widths[index] ?? 0) - textOf(piece).length + space)];
        }),
      ),
    );
  });
}

/** `blog_data`, and below it `  app   blog` for every other column. */
function layOutBlocks(columns: readonly Column[], rows: readonly Row[], width: number): Line[] {
  const titles = columns.slice(1).map((column) => `  ${column.title.toLowerCase()}`);
  const indent = longest(titles) + gap;
  return rows.flatMap((row) => [
    [row[0] ?? ""],
    ...row.slice(1).flatMap((cell, index) => {
      const title = titles[index] ?? "";
      return wrap(textOf(cell), width - indent).map((text, line) =>
        trimmed([
          pad(line === 0 ? 0 : indent),
          line === 0 ? title.padEnd(indent) : "",
          withText(cell, text),
        ]),
      );
    }),
  ]);
}

/** Without the padding behind the last word. */
function trimmed(line: Line): Line {
  const end = line.findLastIndex((part) => textOf(part).trim() !== "");
  return line.slice(0, end + 1);
}

function cells(rows: readonly Row[], index: number): string[] {
  return rows.map((row) => textOf(row[index] ?? ""));
}

function words(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(" "));
}

function longest(texts: readonly string[]): number {
  return texts.reduce((length, text) => Math.max(length, text.length), 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

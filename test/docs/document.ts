import { readFile } from "node:fs/promises";
import path from "node:path";

export const root = path.join(import.meta.dirname, "../..");

export function read(file: string): Promise<string> {
  return readFile(path.join(root, file), "utf8");
}

/** The rows of the table behind `<!-- name -->`, without its head; each row a list of cells as they are written. */
export function tableOf(document: string, name: string): string[][] {
  const lines = document.split("\n");
  const start = lines.indexOf(`<!-- ${name} -->`) + 1;
  if (start === 0) throw new Error(`no table <!-- ${name} -->`);
  const length = lines.slice(start).findIndex((line) => !line.startsWith("|"));
  return lines
    .slice(start, length === -1 ? undefined : start + length)
    .slice(2)
    .map(cellsOf);
}

/** The pieces of a text that are written as code. */
export function codeIn(text: string): string[] {
  return Array.from(text.matchAll(/`([^`]+)`/g), ([, code = ""]) =>
    code.replaceAll(String.raw`\|`, "|"),
  );
}

/** A cell that is nothing but one piece of code, or null. */
export function onlyCode(cell: string): string | null {
  return /^`([^`]+)`$/.exec(cell)?.[1]?.replaceAll(String.raw`\|`, "|") ?? null;
}

export interface Fence {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a document, indented ones included, without their indentation. */
export function fencesOf(document: string): Fence[] {
  return Array.from(
    document.matchAll(/^( *)```([a-z]*)\n([\s\S]*?)^ *```$/gm),
    ([, indent = "", language = "", text = ""]) => ({
      language,
      text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    }),
  );
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, line.lastIndexOf("|"))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

import { fencesOf, read } from "../docs/document.ts";

/** A command of docs/disaster.md, and the machine whose prompt is before it. */
export interface PageCommand {
  readonly machine: string;
  readonly line: string;
  /** The number of its section. */
  readonly step: number;
}

/** What the page stands for with examples, by what it says there. */
export type Replacements = Readonly<Record<string, string>>;

/**
 * The commands of docs/disaster.md in their order, word for word but for the replacements. Throws if the page does not say
 * what is to be replaced any more.
 */
export async function disasterPage(replacements: Replacements): Promise<readonly PageCommand[]> {
  const page = await read("docs/disaster.md");
  for (const said of Object.keys(replacements))
    if (!page.includes(said)) throw new Error(`docs/disaster.md does not say "${said}"`);
  return page.split(/^## /m).flatMap((section) => {
    const step = Number.parseInt(section, 10);
    return fencesOf(section)
      .filter(({ language }) => language === "console")
      .flatMap(({ text }) =>
        Array.from(text.matchAll(/^(\w+)\$ (.*)$/gm), ([, machine = "", line = ""]) => ({
          machine,
          line: replaced(line, replacements),
          step,
        })),
      );
  });
}

function replaced(line: string, replacements: Replacements): string {
  return Object.entries(replacements).reduce(
    (text, [said, meant]) => text.replaceAll(said, meant),
    line,
  );
}

import { didYouMean } from "../../service/nearest.ts";
import { parseSize } from "../../service/size.ts";
import { UserError } from "../../service/user-error.ts";
import { checkAppName } from "../../storage/rules/names.ts";
import { parseHosts, parseServices } from "../../storage/rules/option-values.ts";

/** An app that the administrator of the storage node has declared. Null: not said, so as its first volume says. */
export interface DeclaredApp {
  readonly app: string;
  /** Names of nodes or globs. */
  readonly hosts: readonly string[] | null;
  readonly services: readonly string[] | "first" | null;
  /** Bytes that the sizes of its volumes may add up to. */
  readonly size: number | null;
}

const words = ["hosts", "services", "size"];

/**
 * `app1,app2:hosts=node1|node2:size=10G,shared`: apps by commas, what is said of each by colons, lists by bars. Throws
 * `invalid` that quotes the very word which is wrong.
 */
export function parseDeclaredApps(text: string): readonly DeclaredApp[] {
  const entries = text.split(",").map((entry) => entry.trim());
  if (entries.at(-1) === "") entries.pop(); // a comma at the end, as in lists that grow
  return distinctApps(entries.map(parseEntry));
}

/** The same apps. Throws `invalid` if two of them are one, also if only upper and lower case differ. */
export function distinctApps(apps: readonly DeclaredApp[]): readonly DeclaredApp[] {
  const seen = new Map<string, string>();
  for (const { app } of apps) {
    const before = seen.get(app.toLowerCase());
    if (before === app) throw invalid(`app "${app}" is declared twice. Say all of it in one place`);
    if (before !== undefined)
      throw invalid(`apps "${before}" and "${app}" differ in upper and lower case alone`);
    seen.set(app.toLowerCase(), app);
  }
  return apps;
}

/** Reads what is said of one app, word by word; messages do not name the app. */
export function parseAppRules(
  app: string,
  said: Iterable<readonly [word: string, value: string]>,
): DeclaredApp {
  checkAppName(app);
  const values = new Map<string, string>();
  for (const [word, value] of said) {
    if (!words.includes(word))
      throw invalid(
        `unknown word "${word}"${didYouMean(word, words) || ": an app has hosts, services and size"}`,
      );
    if (values.has(word)) throw invalid(`"${word}" is said twice. Lists have bars: node1|node2`);
    values.set(word, value);
  }
  const services = valueOf(values, "services", parseServices);
  return {
    app,
    hosts: valueOf(values, "hosts", parseNodes),
    services: services?.length === 1 && services[0] === "first" ? "first" : services,
    size: valueOf(values, "size", parseSize),
  };
}

function parseEntry(entry: string): DeclaredApp {
  if (entry === "") throw invalid("there is nothing between two commas");
  const [app = "", ...parts] = entry.split(":").map((part) => part.trim());
  try {
    return parseAppRules(
      app,
      parts.map((part) => {
        const at = part.indexOf("=");
        if (at < 1) throw invalid(`"${part}" is not word=value, as size=10G is`);
        return [part.slice(0, at).trim(), part.slice(at + 1).trim()] as const;
      }),
    );
  } catch (error) {
    throw error instanceof UserError ? inside(entry, app, error) : error;
  }
}

/** An app's hosts are nodes, which are known by name: an address would never be matched. */
function parseNodes(text: string): readonly string[] {
  for (const word of text.split(/[,|]/).map((part) => part.trim()))
    if (/^[\d./]+$/.test(word))
      throw invalid(
        `"${word}" is an address, and an app's hosts are names of nodes, like node1 or web-*. Addresses belong into SWARMNFS_ALLOWED_HOSTS`,
      );
  return parseHosts(text);
}

/** An entry that is nothing but the name needs no place. */
function inside(entry: string, app: string, error: UserError): UserError {
  return entry === app ? error : invalid(`in "${entry}": ${error.message}`);
}

function valueOf<Value>(
  values: ReadonlyMap<string, string>,
  word: string,
  parse: (text: string) => Value,
): Value | null {
  const text = values.get(word);
  if (text === undefined) return null;
  try {
    return parse(text);
  } catch (error) {
    throw error instanceof UserError ? invalid(`${word}: ${error.message}`) : error;
  }
}

function invalid(message: string): UserError {
  return new UserError("invalid", message);
}

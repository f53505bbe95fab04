import { readFile } from "node:fs/promises";
import { inspect } from "node:util";
import { messageOf } from "./message-of.ts";
import { UserError } from "./user-error.ts";

/**
 * A secret as it was set: the text itself, or the file that holds it. Nothing that prints, logs or serialises it shows the
 * text; only {@link read} gives it.
 */
export class Secret {
  /** The variable that said it, for messages. */
  readonly name: string;
  /** The file that holds it; null where the variable itself does. */
  readonly file: string | null;
  readonly #text: string | null;
  /** Where this process finds the file. */
  readonly #place: string | null;

  private constructor(name: string, text: string | null, file: string | null, place = file) {
    this.name = name;
    this.#text = text;
    this.file = file;
    this.#place = place;
  }

  static text(name: string, text: string): Secret {
    return new Secret(name, text, null);
  }

  /** `name` is the variable without `_FILE`; `place` where this process finds the file, if that is elsewhere. */
  static inFile(name: string, file: string, place = file): Secret {
    return new Secret(name, null, file, place);
  }

  /**
   * The text as it is now: a file is read anew each time, without the line break at its end. Throws `invalid` for a file
   * that cannot be read or has nothing in it.
   */
  async read(): Promise<string> {
    if (this.#place === null) return this.#text ?? "";
    const said = `${this.name}_FILE=${this.file}`;
    let text: string;
    try {
      text = await readFile(this.#place, "utf8");
    } catch (error) {
      throw new UserError(
        "invalid",
        `${said} cannot be read: ${messageOf(error)}. Is it mounted into the container?`,
        { cause: error },
      );
    }
    const secret = text.replace(/\r?\n$/, "");
    if (secret.trim() === "")
      throw new UserError("invalid", `${said} is empty: a secret is expected in it`);
    return secret;
  }

  toString(): string {
    return this.file ?? "[redacted]";
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * A secret that may be given as `name` or as `name_FILE`; null if it is not given. Throws `invalid` where both are, which
 * would leave open which one counts. `seen`: where this process finds a file that was named.
 */
export function givenSecret(
  name: string,
  environment: NodeJS.ProcessEnv,
  seen: (file: string) => string = (file) => file,
): Secret | null {
  const text = environment[name] || null;
  const file = environment[`${name}_FILE`] || null;
  if (text !== null && file !== null)
    throw new UserError(
      "invalid",
      `${name} and ${name}_FILE say the same thing twice. Leave one of them out`,
    );
  if (text !== null) return Secret.text(name, text);
  if (file === null) return null;
  if (!file.startsWith("/"))
    throw new UserError(
      "invalid",
      `${name}_FILE=${file} is wrong: the absolute path of a file is expected`,
    );
  return Secret.inFile(name, file, seen(file));
}

import { parseArgs } from "node:util";
import { nearest } from "../service/nearest.ts";
import type { Command, Options } from "./call.ts";
import { choose } from "./choose.ts";
import { optionOf, optionTable } from "./options.ts";
import { UsageError } from "./usage-error.ts";

export interface Invocation {
  readonly kind: "run";
  readonly command: Command;
  readonly operands: readonly string[];
  readonly options: Options;
  readonly socket: string | null;
}

/** The words whose help is wanted; none for the overview. */
export interface HelpRequest {
  readonly kind: "help";
  readonly words: readonly string[];
}

export const globalOptions: readonly string[] = ["json", "socket", "help"];

/** Understands a command line; throws `UsageError` with the nearest valid word. Options may stand anywhere. */
export function understand(
  argv: readonly string[],
  commands: readonly Command[],
): Invocation | HelpRequest {
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options: optionTable,
    allowPositionals: true,
    // Our own messages name the nearest option.
    strict: false,
    tokens: true,
  });

  const words = positionals[0] === "help" ? positionals.slice(1) : positionals;
  if (values["help"] === true || positionals[0] === "help") return { kind: "help", words };
  if (values["version"] === true && positionals.length === 0) words.push("version");
  if (words.length === 0) {
    const stray = tokens.find((token) => token.kind === "option");
    if (stray !== undefined) throw new UsageError(`which command is ${stray.rawName} for?`, "");
    return { kind: "help", words };
  }

  const { command, operands } = choose(words, commands);
  for (const token of tokens) {
    if (token.kind === "option") checkOption(token, command);
  }
  checkOperands(operands, command);
  return {
    kind: "run",
    command,
    operands,
    options: {
      json: values["json"] === true,
      drift: values["drift"] === true,
      fix: values["fix"] === true,
      cluster: values["cluster"] === true,
      all: values["all"] === true,
      yes: values["yes"] === true,
      as: textValue(values["as"]),
      olderThan: textValue(values["older-than"]),
      from: textValue(values["from"]),
      valid: textValue(values["valid"]),
      replace: values["replace"] === true,
      at: textValue(values["at"]),
      path: textValues(values["path"]),
      to: textValue(values["to"]),
      inPlace: values["in-place"] === true,
      force: values["force"] === true,
      read: textValue(values["read"]),
      filter: textValues(values["filter"]),
      since: textValue(values["since"]),
      html: textValue(values["html"]),
      dryRun: values["dry-run"] === true,
      quick: values["quick"] === true,
      profile: textValue(values["profile"]),
      app: textValue(values["app"]),
      volume: textValue(values["volume"]),
      live: values["live"] === true,
      role: textValue(values["role"]),
    },
    socket: textValue(values["socket"]),
  };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function checkOption(token: OptionToken, command: Command): void {
  const valid = [...command.options, ...globalOptions];
  const versionAlone = command.name === "version" && token.name === "version";
  if (!valid.includes(token.name) && !versionAlone) {
    const likely = nearest(token.name, valid);
    const hint =
      likely === null
        ? `. Options: ${valid.map((name) => `--${name}`).join(", ")}.`
        : `: did you mean --${likely}?`;
    throw new UsageError(
      `unknown option "${token.rawName}" for "${command.name}"${hint}`,
      command.name,
    );
  }
  const option = optionTable[token.name];
  if (option?.type === "boolean" && token.value !== undefined) {
    throw new UsageError(
      `${token.rawName} takes no value, and "${token.value}" was given.`,
      command.name,
    );
  }
  const missing =
    token.value === undefined ||
    token.value === "" ||
    (token.value.startsWith("-") && token.inlineValue !== true);
  if (option?.type === "string" && missing) {
    throw new UsageError(
      `${token.rawName} needs a value: ${token.rawName} ${optionOf(command, token.name).value}`,
      command.name,
    );
  }
}

function checkOperands(operands: readonly string[], command: Command): void {
  const [least, most] = command.count;
  const usage = `swarmnfs ${command.name} ${command.operands}`.trimEnd();
  if (operands.length < least) {
    throw new UsageError(`"${command.name}" needs more to go by: ${usage}`, command.name);
  }
  if (operands.length > most) {
    throw new UsageError(`"${operands[most]}" is one word too many: ${usage}`, command.name);
  }
}

type Value = string | boolean | (string | boolean)[] | undefined;

function textValue(value: Value): string | null {
  return typeof value === "string" ? value : null;
}

function textValues(value: Value): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

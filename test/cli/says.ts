import test from "ava";
import { type Setting, speak } from "./spoken.ts";

export interface Expectation extends Setting {
  /** After `swarmnfs`, as typed; words are separated by single spaces. */
  readonly line: string;
  readonly exit?: number;
  readonly out?: string;
  readonly err?: string;
  /** All requests the plugin got, in order. */
  readonly requests?: readonly string[];
}

/** The whole of what a command says, on both outputs. Expected texts begin and end with a line break. */
export const says = test.macro(async (t, expectation: Expectation) => {
  const { line, exit = 0, out = "", err = "", requests, ...setting } = expectation;
  const said = await speak(t, line.split(" "), setting);
  t.is(said.out, out.replace(/^\n/, ""));
  t.is(said.err, err.replace(/^\n/, ""));
  t.is(said.exit, exit);
  if (requests !== undefined) t.deepEqual(said.plugin.requests, requests);
});

export const terminal = { columns: 100 };
export const colours = { columns: 100, environment: { TERM: "xterm", LC_ALL: "C.UTF-8" } };
export const ascii = {
  columns: 100,
  environment: { TERM: "linux", LANG: "de_DE@euro", NO_COLOR: "1" },
};

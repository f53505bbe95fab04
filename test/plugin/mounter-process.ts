// A SystemMounter in a process of its own, which can live in another mount namespace: a line of JSON in, one out.
import { createInterface } from "node:readline";
import process from "node:process";
import { SystemMounter } from "../../plugin/system-mounter.ts";

const [directory = "", bounds = "null"] = process.argv.slice(2);
const given = JSON.parse(bounds) as { mount: number; unmount: number } | null;
const mounter = new SystemMounter(directory, given ?? undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const [method, ...args] = JSON.parse(line) as [keyof SystemMounter, ...unknown[]];
  const call = Reflect.get(mounter, method) as (...parts: unknown[]) => unknown;
  try {
    const result = await Reflect.apply(call, mounter, args);
    const value = result instanceof Set ? [...result] : (result ?? null);
    process.stdout.write(`${JSON.stringify({ value })}\n`);
  } catch (error) {
    const { message, name } = error as Error;
    process.stdout.write(`${JSON.stringify({ error: `${name}: ${message}` })}\n`);
  }
}

// A PseudoRoot in a process of its own, which can live in another mount namespace: a line of JSON in, one out.
import { createInterface } from "node:readline";
import process from "node:process";
import { PseudoRoot } from "../../../nfs-server/exports/pseudo-root.ts";

const [path = "", data = ""] = process.argv.slice(2);
const root = new PseudoRoot(path, data);

for await (const line of createInterface({ input: process.stdin })) {
  const [method, ...args] = JSON.parse(line) as [keyof PseudoRoot, ...unknown[]];
  const call = Reflect.get(root, method) as (...parts: unknown[]) => unknown;
  try {
    const result = await Reflect.apply(call, root, args);
    const value =
      result instanceof Map
        ? [...(result as Map<string, Error>)].map(([name, error]) => [name, error.message])
        : (result ?? null);
    process.stdout.write(`${JSON.stringify({ value })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}

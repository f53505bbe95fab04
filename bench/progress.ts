import process from "node:process";

const started = performance.now();

/** Says what is being measured now, on stderr: stdout is for the result. */
export function progress(what: string): void {
  const seconds = Math.round((performance.now() - started) / 1000);
  process.stderr.write(`  ${String(seconds).padStart(4)} s  ${what}\n`);
}

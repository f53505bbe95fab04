// Copies one directory into another, which may take hours: `FROM TO WHAT`. Says how far it is, a line of JSON each time.
import process from "node:process";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import { Directory } from "../directory/confined.ts";
import { explain } from "../directory/file-trouble.ts";
import type { TransferLine, TransferProgress } from "./transfer-report.ts";
import { transfer } from "./transfer.ts";

const sayEveryMs = 500;

function say(line: TransferLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main([source = "", target = "", what = ""]: readonly string[]): Promise<void> {
  let saidAt = -Infinity;
  const tell = (progress: TransferProgress): void => {
    if (performance.now() - saidAt < sayEveryMs) return;
    saidAt = performance.now();
    say({ progress });
  };
  try {
    await using from = await Directory.root(source);
    await using to = await Directory.root(target);
    say({ report: await transfer(from, to, what, tell) });
  } catch (error) {
    const told = explain(error, "the target");
    const code = told instanceof UserError ? told.code : "internal";
    say({ failure: { code, message: messageOf(told) } });
    process.exitCode = 1;
  }
}

// As the first process of a container it would not end by itself.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(1));
void main(process.argv.slice(2));

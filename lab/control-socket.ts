import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import * as z from "zod";

const reply = z.union([
  z.object({ return: z.unknown() }),
  z.object({ error: z.object({ desc: z.string() }) }),
]);

const patience = 10_000;

/**
 * Gives one command to the QEMU behind `socket` (its machine protocol, QMP) and returns its answer. Throws with QEMU's
 * words if it refuses, and when it does not answer for ten seconds.
 */
export async function tellQemu(
  socket: string,
  command: string,
  values: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  const connection = connect(socket);
  connection.setTimeout(patience, () =>
    connection.destroy(new Error(`QEMU does not answer at ${socket}`)),
  );
  try {
    await once(connection, "connect");
    connection.write(JSON.stringify({ execute: "qmp_capabilities" }));
    connection.write(JSON.stringify({ execute: command, arguments: values }));
    let answers = 0;
    for await (const line of createInterface({ input: connection })) {
      // Between the answers come greetings and events.
      const { success, data } = reply.safeParse(JSON.parse(line));
      if (!success) continue;
      if ("error" in data) throw new Error(`QEMU refuses ${command}: ${data.error.desc}`);
      answers += 1;
      if (answers === 2) return data.return;
    }
    if (command === "quit") return {};
    throw new Error(`QEMU hung up on ${command}`);
  } finally {
    connection.destroy();
  }
}

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { ExecutionContext } from "ava";
import type { Message } from "../../../service/notifier/channel.ts";

/** A real server for webhooks, and what it was told. */
export async function hook(t: ExecutionContext): Promise<{ url: string; told: Message[] }> {
  const told: Message[] = [];
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      if (request.method === "POST") told.push((await json(request)) as Message);
      response.end();
    };
    void answer();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, told };
}

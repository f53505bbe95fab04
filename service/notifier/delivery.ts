import { bounded } from "../bounded.ts";
import type { Channel, Message } from "./channel.ts";

/** Milliseconds that one message may take. */
const sendMs = 15_000;

/** Sends a message by a channel. Throws when it cannot be known within a quarter of a minute that it arrived. */
export async function deliver(channel: Channel, message: Message): Promise<void> {
  const ending = new AbortController();
  try {
    await bounded(channel.send(message, ending.signal), sendMs, late);
  } finally {
    ending.abort();
  }
}

function late(): Error {
  return new Error(`no answer within ${sendMs / 1000} s`);
}

import type { Secret } from "../secret.ts";
import { body, type Channel, headline } from "./channel.ts";

export interface MailSettings {
  /** `smtps://user:password@host:465`, `smtp://host:25`. */
  readonly url: Secret;
  readonly from: string;
  readonly to: readonly string[];
}

/** By SMTP; STARTTLS is used wherever the server offers it. */
export function mailChannel({ url, from, to }: MailSettings): Channel {
  return {
    name: "mail",
    async send(message, signal) {
      // Loaded when the first mail is to be sent: plugins that send none are the rule.
      const { createTransport } = await import("nodemailer");
      const transport = createTransport(await url.read());
      const abort = (): void => transport.close();
      signal.addEventListener("abort", abort, { once: true });
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: headline(message),
          text: `${message.title}\n\n${body(message)}\n`,
        });
      } catch (error) {
        // oxlint-disable-next-line preserve-caught-error -- it may hold the password
        throw new Error(`the mail server did not take the message (${codeOf(error)})`);
      } finally {
        signal.removeEventListener("abort", abort);
        transport.close();
      }
    },
  };
}

/** What nodemailer says may quote the login, so of a failure only its kind is told. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "no answer";
}

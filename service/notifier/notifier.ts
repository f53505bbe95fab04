import * as z from "zod";
import { type Clock, rfc3339 } from "../clock.ts";
import type { Log } from "../log.ts";
import { messageOf } from "../message-of.ts";
import { StateFile } from "../state-file.ts";
import type { Channel } from "./channel.ts";
import { deliver } from "./delivery.ts";
import { type Incident, incidentSchema, nextIncidents, type Problem } from "./incident.ts";

const documentSchema = z.looseObject({
  schema: z.literal(1),
  incidents: z.array(incidentSchema),
});

export interface NotifierSettings {
  /** Where open incidents are remembered over restarts: nobody is told the same twice. */
  readonly path: string;
  readonly channels: readonly Channel[];
  readonly repeatMs: number;
  /** What was gone for less is not over yet, milliseconds. */
  readonly calmMs: number;
  /** Who tells. */
  readonly from: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tells people of problems: once when one begins, rarely while it lasts, once when it is over. */
export class Notifier {
  readonly #settings: NotifierSettings;
  readonly #file: StateFile<z.infer<typeof documentSchema>>;

  private constructor(settings: NotifierSettings, file: StateFile<z.infer<typeof documentSchema>>) {
    this.#settings = settings;
    this.#file = file;
  }

  static async open(settings: NotifierSettings): Promise<Notifier> {
    const file = await StateFile.open(
      settings.path,
      documentSchema,
      { schema: 1, incidents: [] },
      (setAside, reason) =>
        settings.log.warn({ setAside, reason }, "what people were told was lost; told anew"),
    );
    return new Notifier(settings, file);
  }

  /**
   * These are all problems there are now. Settles when everybody was told or could not be reached, which is tried again by
   * the next call. Never rejects for a message.
   */
  async tell(problems: readonly Problem[]): Promise<void> {
    const { channels, repeatMs, calmMs, clock, log } = this.#settings;
    const before = this.#file.data.incidents;
    const asWritten = JSON.stringify(before);
    const rules = { channels: channels.map(({ name }) => name), repeatMs, calmMs };
    const incidents = nextIncidents(before, problems, clock.now(), rules);
    for (const incident of incidents) this.#say(incident, before, log);
    this.#file.data.incidents = incidents;
    await Promise.all(
      incidents.flatMap((incident) =>
        channels
          .filter(({ name }) => incident.pending.includes(name))
          .map((channel) => this.#send(incident, channel)),
      ),
    );
    if (asWritten !== JSON.stringify(incidents)) await this.#file.save();
  }

  /** Every incident is in the log as well, once, whether or not anybody else is to be told. */
  #say(incident: Incident, before: readonly Incident[], log: Log): void {
    if (incident.quiet) return;
    const known = before.find(({ key, quiet }) => key === incident.key && !quiet);
    if (known?.kind === incident.kind && known.toldAt === incident.toldAt) return;
    const { key, title, text } = incident;
    if (incident.kind === "opened" || incident.kind === "worse")
      log.error({ incident: key }, `${title}: ${text}`);
    if (incident.kind === "resolved") log.info({ incident: key }, `over: ${title}`);
  }

  async #send(incident: Incident, channel: Channel): Promise<void> {
    const { clock, from, log } = this.#settings;
    const { kind, key, title, text, openedAt } = incident;
    try {
      await deliver(channel, {
        kind,
        key,
        title,
        text,
        from,
        since: rfc3339(openedAt),
        at: rfc3339(clock.now()),
      });
      incident.pending = incident.pending.filter((name) => name !== channel.name);
      incident.known = true;
    } catch (error) {
      log.warn({ channel: channel.name, reason: messageOf(error) }, "people could not be told");
    }
  }
}

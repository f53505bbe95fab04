import type { UserError } from "../../service/user-error.ts";
import type { PseudoRoot, ShownVolume } from "./pseudo-root.ts";

/** What makes volumes visible to the kernel. */
export type Showcase = Pick<PseudoRoot, "path" | "show" | "hide">;

/**
 * One volume at a time for whoever asks, many at a time for mount(8): all that are asked for while it is at work are its
 * next piece of work. So a thousand leases after a restart do not start a thousand programs.
 */
export class Showing {
  readonly #showcase: Showcase;
  #waiting: { readonly volume: ShownVolume; readonly done: (failure?: UserError) => void }[] = [];
  #isAtWork = false;

  constructor(showcase: Showcase) {
    this.#showcase = showcase;
  }

  /** Throws what `PseudoRoot.show` answers for the volume. */
  async show(volume: ShownVolume): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<UserError | undefined>();
    this.#waiting.push({ volume, done: resolve });
    void this.#work();
    const failure = await promise;
    if (failure !== undefined) throw failure;
  }

  async #work(): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    // Whoever asks in the same moment is in the first piece already.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const now = this.#waiting.splice(0);
      const volumes = new Map(now.map(({ volume }) => [volume.volume, volume]));
      try {
        const failures = await this.#showcase.show([...volumes.values()]);
        for (const { volume, done } of now) done(failures.get(volume.volume));
      } catch (error) {
        for (const { done } of now) done(error as UserError);
      }
    }
    this.#isAtWork = false;
  }
}

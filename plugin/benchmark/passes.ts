import type { Consumer } from "../../storage/rules/access.ts";

/**
 * Containers of our own that may mount volumes of our own: a scratch volume belongs to an app, whose rules are about the
 * app's containers. Names of containers are unique on an engine, and a volume's id never comes again.
 */
export class Passes {
  readonly #containers = new Map<string, string>();

  /** Until {@link withdraw}, the container of that name may mount the volume with that id. */
  issue(volume: string, container: string): void {
    this.#containers.set(volume, container);
  }

  withdraw(volume: string): void {
    this.#containers.delete(volume);
  }

  /** Whether that volume is for our container, and nobody else could be asking. */
  allow(volume: string, consumers: readonly Consumer[]): boolean {
    const container = this.#containers.get(volume);
    return (
      container !== undefined &&
      consumers.length > 0 &&
      consumers.every((each) => each.kind === "container" && each.container === container)
    );
  }
}

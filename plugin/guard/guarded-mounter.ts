import type { Attachment } from "../../storage/storage.ts";
import type { Mounter } from "../mounter.ts";
import type { Guard } from "./guard.ts";
import { addressOf } from "./source-address.ts";

/** A mounter that has the guard stand before anything is mounted from a server. */
export class GuardedMounter implements Mounter {
  readonly #mounter: Mounter;
  readonly #guard: Pick<Guard, "ensure">;

  constructor(mounter: Mounter, guard: Pick<Guard, "ensure">) {
    this.#mounter = mounter;
    this.#guard = guard;
  }

  async mount(name: string, attachment: Attachment): Promise<void> {
    const address = attachment.type === "nfs4" ? addressOf(attachment.source) : null;
    if (address !== null) await this.#guard.ensure(address);
    await this.#mounter.mount(name, attachment);
  }

  mounted(): Promise<ReadonlySet<string>> {
    return this.#mounter.mounted();
  }

  proves(name: string, attachment: Attachment): Promise<boolean> {
    return this.#mounter.proves(name, attachment);
  }

  unmount(name: string): Promise<void> {
    return this.#mounter.unmount(name);
  }

  nfsVersion(place: string): Promise<string | null> {
    return this.#mounter.nfsVersion(place);
  }

  path(name: string): string {
    return this.#mounter.path(name);
  }
}

import { UserError } from "../../service/user-error.ts";
import type { Attachment } from "../../storage/storage.ts";
import type { Mounter } from "../../plugin/mounter.ts";
import { Valve } from "./valve.ts";

/** The kernel's mounts, in memory. It outlives the plugin, as the kernel does. */
export class FakeMounter implements Mounter {
  /** What is mounted where. */
  readonly table = new Map<string, Attachment>();
  /** `mount blog_data`, `unmount blog_data`, in order. */
  readonly calls: string[] = [];
  /** Closed: mount(8) hangs. */
  readonly valve = new Valve();
  /** Not null: mount(8) fails with these words. */
  failure: string | null = null;

  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async mounted(): Promise<ReadonlySet<string>> {
    return new Set(this.table.keys());
  }

  async proves(name: string, attachment: Attachment): Promise<boolean> {
    return JSON.stringify(this.table.get(name)) === JSON.stringify(attachment);
  }

  async mount(name: string, attachment: Attachment): Promise<void> {
    this.calls.push(`mount ${name}`);
    await this.valve.passed();
    if (this.failure !== null) throw new UserError("unavailable", this.failure);
    this.table.set(name, attachment);
  }

  async unmount(name: string): Promise<void> {
    this.calls.push(`unmount ${name}`);
    this.table.delete(name);
  }

  async nfsVersion(): Promise<string | null> {
    return null;
  }

  path(name: string): string {
    return `${this.#directory}/${name}`;
  }
}

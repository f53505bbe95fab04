import { access } from "node:fs/promises";
import { release } from "node:os";
import process from "node:process";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { canSpeakTls, leastKernel } from "./kernel.ts";
import { Tlshd, type TlsIdentity } from "./tlshd.ts";

export interface NodeTlsParts {
  readonly tlshd: Pick<Tlshd, "prove" | "start">;
  /** `uname -r`. */
  readonly release: string;
  /** Whether the machine has a tlshd of its own running, as far as can be seen. */
  readonly hasAnother: () => Promise<boolean>;
}

/** The node's side of NFS over TLS. */
export class NodeTls {
  readonly #parts: NodeTlsParts;

  constructor(parts: NodeTlsParts) {
    this.#parts = parts;
  }

  /** When this settles the kernel's NFS client can connect as whom the certificate says. Throws `unavailable`. */
  async ready(identity: TlsIdentity): Promise<void> {
    const { release: kernel, hasAnother, tlshd } = this.#parts;
    if (!canSpeakTls(kernel))
      throw new StorageUnavailable(
        `the storage node speaks NFS over TLS alone (SWARMNFS_TLS=on), and this node's kernel ${kernel} cannot: Linux ${leastKernel} or later is needed. Use a newer kernel here (Debian 13 has 6.12), or turn TLS off there`,
      );
    if (await hasAnother())
      throw new StorageUnavailable(
        "the storage node speaks NFS over TLS alone, and on this node another tlshd runs, which takes the kernel's handshakes without this node's certificate. On the node: systemctl disable --now tlshd",
      );
    try {
      await tlshd.prove(identity);
      await tlshd.start();
    } catch (error) {
      if (error instanceof UserError) throw new StorageUnavailable(error.message, { cause: error });
      throw error;
    }
  }
}

/** The machine itself. `units` is where its systemd keeps links for what runs. */
export function systemNodeTls(folder: string, units = "/host/run/systemd/units"): NodeTls {
  return new NodeTls({
    tlshd: new Tlshd({ folder }, say),
    release: release(),
    hasAnother: () =>
      access(`${units}/invocation:tlshd.service`).then(
        () => true,
        () => false,
      ),
  });
}

function say(text: string, error?: unknown): void {
  process.stderr.write(`${text}${error === undefined ? "" : `: ${messageOf(error)}`}\n`);
}

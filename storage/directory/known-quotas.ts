import { NoQuotas } from "../quota/no-quotas.ts";
import type { Quotas } from "../quota/quotas.ts";
import type { Layout } from "./layout.ts";

/** What can limit directories at an absolute path without symlinks. */
export type QuotasOf = (path: string) => Promise<Quotas>;

/** For storages that are given none. */
export const noQuotas: QuotasOf = async () => new NoQuotas("nobody looked whether it can");

/** What a storage's file system can limit: found out once for each disk that its root turns out to lie on. */
export class KnownQuotas {
  readonly #quotasOf: QuotasOf;
  #known: { readonly device: bigint; readonly quotas: Quotas } | null = null;

  constructor(quotasOf: QuotasOf) {
    this.#quotasOf = quotasOf;
  }

  async of({ root }: Layout): Promise<Quotas> {
    const { dev: device } = await root.self();
    if (this.#known?.device !== device)
      this.#known = { device, quotas: await this.#quotasOf(await root.path()) };
    return this.#known.quotas;
  }
}

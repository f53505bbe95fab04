import type { Export, Exports } from "../exports/exports.ts";
import type { SelfTest } from "./self-test.ts";

/** The same exports, of which nobody gets any once it is known that apps are not isolated. */
export class ProvedExports implements Exports {
  readonly #exports: Exports;
  readonly #test: () => Pick<SelfTest, "demandIsolation">;
  readonly #expect: (address: string) => void;

  /** `expect` hears of every address before it is let in. */
  constructor(
    exports: Exports,
    test: () => Pick<SelfTest, "demandIsolation">,
    expect: (address: string) => void = () => undefined,
  ) {
    this.#exports = exports;
    this.#test = test;
    this.#expect = expect;
  }

  async grant(client: string, granted: Export): Promise<void> {
    this.#test().demandIsolation();
    await this.#exports.grant(client, granted);
  }

  async admit(client: string, address: string): Promise<void> {
    this.#expect(address);
    await this.#exports.admit(client, address);
  }

  dismiss(address: string): Promise<void> {
    return this.#exports.dismiss(address);
  }

  revoke(client: string, volume: string): Promise<void> {
    return this.#exports.revoke(client, volume);
  }

  withdraw(volume: string): Promise<void> {
    return this.#exports.withdraw(volume);
  }
}

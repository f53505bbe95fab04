import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ExecutionContext } from "ava";

const startMs = 120_000;

/** What a page did, besides showing itself. */
export interface Deeds {
  /** Errors and warnings in the console, among them what its policy refused. */
  readonly complaints: readonly string[];
  /** Everything it asked for, itself included. */
  readonly requests: readonly string[];
}

/** Debian's Chromium without a window, spoken to by its own protocol. */
export class Browser {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: { result?: unknown; error?: unknown }) => void>();
  readonly #complaints: string[] = [];
  readonly #requests: string[] = [];
  #loaded: () => void = () => {};
  #session: string | null = null;
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#hear(String(data)));
  }

  /** Ends with the test. */
  static async start(t: ExecutionContext): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), "swarmnfs-browser-"));
    const child = spawn(
      "chromium-headless-shell",
      [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--remote-debugging-port=0",
        `--user-data-dir=${profile}`,
        "about:blank",
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    t.teardown(async () => {
      child.kill("SIGKILL");
      await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    });
    const socket = new WebSocket(await addressOf(child));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("the browser refused")));
    await promise;
    t.teardown(() => socket.close());
    const browser = new Browser(socket);
    await browser.#attach();
    return browser;
  }

  get deeds(): Deeds {
    return { complaints: this.#complaints, requests: this.#requests };
  }

  /** Shows a page to somebody who likes it light or dark, on a screen so wide. */
  async open(url: string, scheme: "light" | "dark", width = 1000): Promise<void> {
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.ask("Emulation.setEmulatedMedia", { features });
    const screen = { width, height: 900, deviceScaleFactor: 1, mobile: false };
    await this.ask("Emulation.setDeviceMetricsOverride", screen);
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    await this.ask("Page.navigate", { url });
    await loaded;
  }

  /** What an expression is in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result } = await this.ask<{ result: { value: T } }>("Runtime.evaluate", {
      expression,
      returnByValue: true,
    });
    return result.value;
  }

  /** The whole page as a PNG. */
  async picture(): Promise<Buffer> {
    const { data } = await this.ask<{ data: string }>("Page.captureScreenshot", {
      captureBeyondViewport: true,
    });
    return Buffer.from(data, "base64");
  }

  ask<T>(method: string, params: object = {}): Promise<T> {
    this.#asked += 1;
    const id = this.#asked;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.set(id, ({ result, error }) => {
      if (error === undefined) resolve(result as T);
      else reject(new Error(`${method}: ${JSON.stringify(error)}`));
    });
    const session = this.#session === null ? {} : { sessionId: this.#session };
    this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    return promise;
  }

  async #attach(): Promise<void> {
    const { targetId } = await this.ask<{ targetId: string }>("Target.createTarget", {
      url: "about:blank",
    });
    const { sessionId } = await this.ask<{ sessionId: string }>("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    this.#session = sessionId;
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await this.ask(`${domain}.enable`);
  }

  #hear(text: string): void {
    const said = JSON.parse(text) as {
      id?: number;
      result?: unknown;
      error?: unknown;
      method?: string;
      params?: { entry?: { text: string }; request?: { url: string } };
    };
    if (said.id !== undefined) {
      this.#waiting.get(said.id)?.(said);
      this.#waiting.delete(said.id);
    }
    if (said.method === "Page.loadEventFired") this.#loaded();
    if (said.method === "Log.entryAdded") this.#complaints.push(said.params?.entry?.text ?? "");
    if (said.method === "Runtime.exceptionThrown" || said.method === "Runtime.consoleAPICalled")
      this.#complaints.push(text);
    if (said.method === "Network.requestWillBeSent")
      this.#requests.push(said.params?.request?.url ?? "");
  }
}

/** Where it listens, as it says itself. */
async function addressOf(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  if (child.stderr === null) throw new Error("a browser without an output");
  const said: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    said.push(line);
    const match = /^DevTools listening on (ws:\S+)$/.exec(line);
    if (match?.[1] !== undefined) resolve(match[1]);
  });
  child.once("error", reject);
  child.once("exit", () => reject(new Error(`the browser ended: ${said.join(" ")}`)));
  const late = setTimeout(() => reject(new Error("the browser does not start")), startMs);
  return promise.finally(() => clearTimeout(late));
}

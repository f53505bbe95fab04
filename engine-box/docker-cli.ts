import process from "node:process";
import { outcomeOf, type CommandOptions, type Outcome } from "./outcome.ts";

/** Docker's own command, spoken to one engine. */
export class DockerCli {
  readonly #env: Readonly<Record<string, string>>;
  readonly #command = process.env["DOCKER"] || "docker";
  #compose: Promise<readonly string[]> | undefined;

  /** `env` chooses the engine (DOCKER_HOST); the rest of our environment is kept. */
  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  /** Runs `docker ARGS` and returns what it printed, trimmed. Throws with Docker's own words when it fails. */
  async run(...args: string[]): Promise<string> {
    return must(args, await this.attempt(...args));
  }

  /** Runs `docker ARGS` and returns how it ended. */
  attempt(...args: string[]): Promise<Outcome> {
    return this.#spawn(this.#command, args);
  }

  /**
   * Runs `docker compose ARGS` (docker-compose, where the engine's client has no compose) in `folder`, with `env` for
   * the variables of the compose file, and returns how it ended.
   */
  async attemptCompose(
    folder: string,
    env: Readonly<Record<string, string>>,
    ...args: string[]
  ): Promise<Outcome> {
    this.#compose ??= this.attempt("compose", "version").then((plugin) =>
      plugin.exitCode === 0 ? [this.#command, "compose"] : ["docker-compose"],
    );
    const [command = "", ...first] = await this.#compose;
    return outcomeOf(command, [...first, ...args], { cwd: folder, env: { ...env, ...this.#env } });
  }

  /** Feeds the file `input` to `docker ARGS`, as with `docker import -`. */
  async feed(input: string, ...args: string[]): Promise<string> {
    return must(args, await this.#spawn(this.#command, args, { inputFile: input }));
  }

  #spawn(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return outcomeOf(command, args, { ...options, env: this.#env });
  }
}

function must(args: readonly string[], { exitCode, stdout, stderr }: Outcome): string {
  if (exitCode === 0) return stdout.trim();
  throw new Error(
    `docker ${args.join(" ")}: ${stderr.trim() || stdout.trim() || `exit code ${exitCode}`}`,
  );
}

import { readdir, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { UserError } from "../service/user-error.ts";

/** Where dockerd puts the sockets of managed plugins (a directory each) and looks for others. */
export const pluginsDirectory = "/run/docker/plugins";

const socketName = "swarmnfs.sock";

/** What the search needs to know about the process. */
export interface Searcher {
  readonly directory: string;
  readonly isRoot: boolean;
}

/**
 * The socket of this node's plugin: of a managed plugin, or of one that runs as a plain process or beside us in the
 * plugin's own image. Throws `UserError` (unavailable, denied, conflict) when there is none, may not be looked for, or is one of several.
 */
export async function findPluginSocket({ directory, isRoot }: Searcher): Promise<string> {
  const paths = await socketsBelow(directory, isRoot);
  const [only] = paths;
  if (only === undefined) throw nothingFound(directory, isRoot);
  if (paths.length === 1) return only;

  // A disabled plugin may leave its socket behind.
  const answers = await Promise.all(paths.map(accepts));
  const alive = paths.filter((_, index) => answers[index]);
  const [first] = alive;
  if (first === undefined) return only;
  if (alive.length === 1) return first;
  throw new UserError(
    "conflict",
    `${alive.length} swarmnfs plugins run on this node, and one was expected. Say which one is meant: ` +
      `--socket PATH, where PATH is one of ${alive.join(", ")}`,
  );
}

async function socketsBelow(directory: string, isRoot: boolean): Promise<string[]> {
  const names = await list(directory, isRoot);
  const candidates = [
    join(directory, socketName),
    ...names.map((name) => join(directory, name, socketName)),
  ];
  const found = await Promise.all(candidates.map(isSocket));
  return candidates.filter((_, index) => found[index]);
}

async function list(directory: string, isRoot: boolean): Promise<string[]> {
  try {
    return (await readdir(directory)).toSorted();
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    if (code === "EACCES" || code === "EPERM") throw mayNot(isRoot);
    throw error;
  }
}

/** Whether there is such a plugin, as far as can be seen. */
export async function hasPlugin({ directory, isRoot }: Searcher): Promise<boolean> {
  const paths = await socketsBelow(directory, isRoot).catch(() => []);
  return paths.length > 0;
}

export async function isSocket(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isSocket();
  } catch {
    return false;
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    // Somebody who does not even accept within a second is as good as several: the request itself will say more.
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => done(true));
    socket.once("connect", () => done(true)).once("error", () => done(false));
  });
}

function nothingFound(directory: string, isRoot: boolean): UserError {
  if (!isRoot) return mayNot(isRoot);
  return new UserError(
    "unavailable",
    `no swarmnfs plugin runs on this node: there is no ${socketName} in ${directory} or in a directory there. ` +
      "One that is installed and enabled was expected. See what Docker has: docker plugin ls",
  );
}

/** The plugin's socket is root's alone. */
export function mayNot(isRoot: boolean): UserError {
  const who = isRoot
    ? "this process may not open it, though it is root's"
    : "only root may, and you are not root";
  return new UserError(
    "denied",
    `the plugin of this node cannot be asked: ${who}. Try again as root: sudo swarmnfs ...`,
  );
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

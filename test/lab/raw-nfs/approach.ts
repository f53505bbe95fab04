import type { Errand, Victim } from "./errand.ts";
import {
  deviceFsids,
  exportRoot,
  formatFileHandle,
  numberedFsid,
  parseFileHandle,
  uuidFsid,
  type Fsid,
} from "../../../nfs-server/self-test/raw-nfs/file-handle.ts";
import { fileIdsOf, type NamedFileId } from "./file-id.ts";
import {
  lookUp,
  lookUpParent,
  putFileHandle,
  putRootFileHandle,
} from "../../../nfs-server/self-test/raw-nfs/file-operations.ts";
import type { Operation } from "../../../nfs-server/self-test/raw-nfs/operation.ts";

/** A way to what belongs to somebody else: what is asked first, so that it is the current file. */
export interface Approach {
  readonly by: string;
  readonly target: "directory" | "file";
  readonly steps: readonly Operation<unknown>[];
}

/** Every way to the victim that is known. `own` is the file handle of the thief's own directory, if it has one. */
export function approaches(errand: Errand, own: Buffer | null): readonly Approach[] {
  return [...byNames(errand), ...byHandles(errand.victim, own)];
}

function byNames({ own, symlink, victim, paths }: Errand): Approach[] {
  const ways: Approach[] = [victim.path, ...paths].map((names) => ({
    by: `/${names.join("/")}`,
    target: "directory",
    steps: path(names),
  }));
  if (own === null) return ways;
  const name = victim.path.at(-1) ?? "";
  const above: Readonly<Record<string, Operation<unknown>[]>> = {
    "LOOKUPP, then its name": [lookUpParent, lookUp(name)],
    "LOOKUPP twice": [lookUpParent, lookUpParent],
    "LOOKUP ..": [lookUp("..")],
    [`LOOKUP ../${name}`]: [lookUp(`../${name}`)],
    ...(symlink !== null && { "LOOKUP of a symlink": [lookUp(symlink)] }),
  };
  const upwards = Object.entries(above).map(([by, steps]): Approach => ({
    by,
    target: "directory",
    steps: [...path(own), ...steps],
  }));
  return [...ways, ...upwards];
}

/** From the server's root. */
export function path(names: readonly string[]): readonly Operation<unknown>[] {
  return [putRootFileHandle, ...names.map(lookUp)];
}

function byHandles(victim: Victim, own: Buffer | null): Approach[] {
  return fsidsFor(victim, own).flatMap(({ name, fsid, isOwn }) => {
    const approach = (target: Approach["target"], file: NamedFileId): Approach => ({
      by: `handle: ${name}, ${target} by ${file.name}`,
      target,
      steps: [putFileHandle(formatFileHandle({ fsid, file: file.id }))],
    });
    const ways = fileIdsOf(victim.directory).map((each) => approach("directory", each));
    // The root of the thief's own export is its own.
    if (!isOwn) ways.push(approach("directory", { name: "export root", id: exportRoot }));
    return ways.concat(fileIdsOf(victim.file).map((each) => approach("file", each)));
  });
}

interface NamedFsid {
  readonly name: string;
  readonly fsid: Fsid;
  readonly isOwn?: boolean;
}

function fsidsFor({ exportNumber, uuid, device }: Victim, own: Buffer | null): NamedFsid[] {
  const { major, minor } = device;
  const names = ["device", "device, new style"];
  return [
    ...(own === null ? [] : [{ name: "own fsid", fsid: parseFileHandle(own).fsid, isOwn: true }]),
    ...(exportNumber === null ? [] : [{ name: "its fsid", fsid: numberedFsid(exportNumber) }]),
    { name: "fsid 0", fsid: numberedFsid(0) },
    { name: "UUID", fsid: uuidFsid(uuid) },
    ...deviceFsids(major, minor).map((fsid, index) => ({ name: names[index] ?? "", fsid })),
  ];
}

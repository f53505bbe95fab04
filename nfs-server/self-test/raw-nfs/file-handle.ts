// File handles as Linux makes them (include/linux/nfsd/nfsfh.h, exportfs.h): a head of four bytes, which file system, which
// file in it. Clients ought not to look inside; nothing keeps them from it, nor from making some of their own.

/** Kinds of what stands for a file system, with the bytes that each takes. Two that are out of use are left out. */
export const fsidKinds = {
  device: { number: 0, length: 8 },
  number: { number: 1, length: 4 },
  encodedDevice: { number: 3, length: 8 },
  uuid4AndInode: { number: 4, length: 8 },
  uuid8: { number: 5, length: 8 },
  uuid16: { number: 6, length: 16 },
  uuid16AndInode: { number: 7, length: 24 },
} as const;

/** Which file system, or which export. */
export interface Fsid {
  readonly kind: number;
  readonly bytes: Buffer;
}

/** Which file in it; how the bytes are to be read depends on the kind, which each file system has of its own. */
export interface FileId {
  readonly kind: number;
  readonly bytes: Buffer;
}

/** A file handle taken apart. */
export interface FileHandle {
  readonly fsid: Fsid;
  readonly file: FileId;
}

/** "What is exported itself", without saying which file it is. */
export const exportRoot: FileId = { kind: 0, bytes: Buffer.alloc(0) };

const version = 1;
const unsigned = 0;

export function formatFileHandle({ fsid, file }: FileHandle): Buffer {
  const head = Buffer.from([version, unsigned, fsid.kind, file.kind]);
  return Buffer.concat([head, fsid.bytes, file.bytes]);
}

/** Throws if it is none of Linux's. */
export function parseFileHandle(handle: Buffer): FileHandle {
  const [first, , fsidKind, fileKind] = handle;
  const length = Object.values(fsidKinds).find(({ number }) => number === fsidKind)?.length;
  if (first !== version || length === undefined || fileKind === undefined)
    throw new Error(`${handle.toString("hex")} is no file handle of a Linux server`);
  const [fsid, file] = [handle.subarray(4, 4 + length), handle.subarray(4 + length)];
  return {
    fsid: { kind: Number(fsidKind), bytes: fsid },
    file: { kind: fileKind, bytes: file },
  };
}

/** An export that has a number. */
export function numberedFsid(number: number): Fsid {
  const bytes = Buffer.alloc(fsidKinds.number.length);
  bytes.writeUInt32LE(number);
  return { kind: fsidKinds.number.number, bytes };
}

/** A whole file system by its UUID, as `blkid` shows it. */
export function uuidFsid(uuid: string): Fsid {
  return { kind: fsidKinds.uuid16.number, bytes: Buffer.from(uuid.replaceAll("-", ""), "hex") };
}

/** A whole file system by its device, the old way and the new. */
export function deviceFsids(major: number, minor: number): readonly Fsid[] {
  const old = Buffer.alloc(fsidKinds.device.length);
  // Big-endian, and then the inode of the export's root, which is not looked at if it is 0.
  old.writeUInt16BE(major, 0);
  old.writeUInt16BE(minor, 2);
  const encoded = Buffer.alloc(fsidKinds.encodedDevice.length);
  encoded.writeUInt32LE(((minor % 256) | (major << 8) | ((minor >>> 8) << 20)) >>> 0);
  return [
    { kind: fsidKinds.device.number, bytes: old },
    { kind: fsidKinds.encodedDevice.number, bytes: encoded },
  ];
}

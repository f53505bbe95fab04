import type { FileId } from "../../../nfs-server/self-test/raw-nfs/file-handle.ts";

/** A file as its file system knows it. */
export interface Inode {
  readonly number: number;
  /** Tells one that took over a number from the one before; `lsattr -v` shows it. */
  readonly generation: number;
}

/** A file that somebody wants to reach, and the directory it is in. */
export interface Place {
  readonly file: Inode;
  readonly parent: Inode;
  /** Of btrfs: the sub-volumes they are in. */
  readonly subvolumes?: { readonly file: number; readonly parent: number };
}

/** A way to say which file is meant. */
export interface NamedFileId {
  readonly name: string;
  readonly id: FileId;
}

const kinds = {
  inode: 1,
  inodeAndParent: 2,
  btrfs: 0x4d,
  btrfsAndParent: 0x4e,
  btrfsAndOtherParent: 0x4f,
  xfs: 0x81,
  xfsAndParent: 0x82,
} as const;

/** Every way to say that `place` is meant, of every file system: none of them minds the others' kinds. */
export function fileIdsOf({ file, parent, subvolumes }: Place): readonly NamedFileId[] {
  const short = [
    named("inode", kinds.inode, number32(file.number), number32(file.generation)),
    named(
      "inode and parent",
      kinds.inodeAndParent,
      ...[file.number, file.generation, parent.number, parent.generation].map(number32),
    ),
  ];
  const [fileXfs, parentXfs] = [long(file), long(parent)];
  const xfs = [
    named("XFS inode", kinds.xfs, fileXfs),
    named("XFS inode and parent", kinds.xfsAndParent, fileXfs, parentXfs),
  ];
  if (subvolumes === undefined) return [...short, ...xfs];
  const own = Buffer.concat([
    number64(file.number),
    number64(subvolumes.file),
    number32(file.generation),
  ]);
  const [above, aboveIn] = [long(parent), number64(subvolumes.parent)];
  return [
    ...short,
    named("btrfs object", kinds.btrfs, own),
    named("btrfs object and parent", kinds.btrfsAndParent, own, above),
    named("btrfs object and parent elsewhere", kinds.btrfsAndOtherParent, own, above, aboveIn),
  ];
}

function named(name: string, kind: number, ...parts: readonly Buffer[]): NamedFileId {
  return { name, id: { kind, bytes: Buffer.concat(parts) } };
}

function long({ number, generation }: Inode): Buffer {
  return Buffer.concat([number64(number), number32(generation)]);
}

/** In the order of bytes of the server's processor: x86 and ARM. */
function number32(value: number): Buffer {
  return number64(value).subarray(0, 4);
}

function number64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

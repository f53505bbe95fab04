import type { TopDirectory } from "../../storage/storage.ts";

const pattern = /^top=([0-7]{1,4}):(\d{1,10}):(\d{1,10})$/;

/** restic saves what is in a directory, and nothing of the directory itself: a tag of the snapshot tells mode and owner. */
export function topTag({ uid, gid, mode }: TopDirectory): string {
  return `top=${(mode & 0o7777).toString(8)}:${uid}:${gid}`;
}

/** Null for a snapshot that somebody made without us. */
export function topOf(tags: readonly string[]): TopDirectory | null {
  for (const tag of tags) {
    const [, mode, uid, gid] = pattern.exec(tag) ?? [];
    if (mode !== undefined)
      return { uid: Number(uid), gid: Number(gid), mode: Number.parseInt(mode, 8) };
  }
  return null;
}

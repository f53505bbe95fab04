const blockBytes = 512;

/** An archive (ustar) that holds nothing but symlinks, by name: where each leads. */
export function linkArchive(links: Readonly<Record<string, string>>): Buffer {
  const headers = Object.entries(links).map(([name, target]) => header(name, target));
  return Buffer.concat([...headers, Buffer.alloc(2 * blockBytes)]);
}

/** POSIX.1-1988 ustar: fields at fixed places, numbers octal. */
function header(name: string, target: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  const put = (text: string, at: number): void => void block.write(text, at, "latin1");
  put(name, 0);
  put("0000777\0", 100);
  put("0000000\0", 108);
  put("0000000\0", 116);
  put("00000000000\0", 124);
  put("00000000000\0", 136);
  put("        ", 148);
  put("2", 156);
  put(target, 157);
  put("ustar\u000000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

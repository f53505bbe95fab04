/** In front of what ICU calls a data package: the size of this header, two magic bytes, then more, and the format's name. */
const format = Buffer.from("CmnD");
const formatAt = 12;
const magic = 0x27da;

/** Bundles of other languages than English: `de.res`, `zone/zh_Hant_TW.res`; not `root.res`, `res_index.res`, `zoneinfo64.res`. */
const foreign =
  /^icudt\d+l\/(?:[a-z]+\/)?(?!en[_.]|res_index\.)[a-z]{2,3}(?:_[A-Za-z0-9_]+)?\.res$/;

interface Entry {
  readonly name: string;
  readonly row: Buffer;
  readonly offset: number;
}

/**
 * Takes the languages but English out of the ICU data inside of Node.js, in place: their names leave its table of contents,
 * their bytes become zero, which compress to nothing. What is left is what ICU falls back to, as in a Node.js that was
 * configured with `--with-intl=small-icu`: time zones, encodings, normalisation and properties of characters stay. Answers
 * how many bytes were cleared; 0 where no such data is found, as in a Node.js that has it elsewhere.
 */
export function clearForeignLocales(program: Buffer): number {
  const start = packageStart(program);
  if (start === null) return 0;
  const contents = start + program.readUInt16LE(start);
  const count = program.readUInt32LE(contents);
  const entries = Array.from({ length: count }, (_, index) => entryAt(program, contents, index));
  const kept = entries.filter(({ name }) => !foreign.test(name));

  // Each reaches to the next one. How long the last one is nothing tells, so it keeps its bytes.
  let cleared = 0;
  for (const [index, { name, offset }] of entries.entries()) {
    const end = entries[index + 1]?.offset;
    if (!foreign.test(name) || end === undefined) continue;
    program.fill(0, contents + offset, contents + end);
    cleared += end - offset;
  }
  program.writeUInt32LE(kept.length, contents);
  for (const [index, { row }] of kept.entries()) row.copy(program, rowAt(contents, index));
  return cleared;
}

function packageStart(program: Buffer): number | null {
  for (let at = program.indexOf(format); at !== -1; at = program.indexOf(format, at + 1)) {
    const start = at - formatAt;
    if (start < 0 || program.readUInt16LE(start + 2) !== magic) continue;
    const { name } = entryAt(program, start + program.readUInt16LE(start), 0);
    if (/^icudt\d+l\//.test(name)) return start;
  }
  return null;
}

/** A table of contents is the number of its rows, then the rows: where a name is, and where its data; counted from here. */
function entryAt(program: Buffer, contents: number, index: number): Entry {
  const at = rowAt(contents, index);
  const name = contents + program.readUInt32LE(at);
  return {
    name: program.toString("latin1", name, program.indexOf(0, name)),
    row: Buffer.from(program.subarray(at, at + 8)),
    offset: program.readUInt32LE(at + 4),
  };
}

function rowAt(contents: number, index: number): number {
  return contents + 4 + index * 8;
}

import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ExecutionContext } from "ava";
import { Directory } from "../../../storage/directory/confined.ts";
import { transfer } from "../../../storage/transfer/transfer.ts";
import type {
  TransferProgress,
  TransferReport,
} from "../../../storage/transfer/transfer-report.ts";
import { temporaryDirectory } from "../places.ts";

const run = promisify(execFile);

/** A tree with everything that can be in one; of what copies leave out, a pipe and a socket. */
export const everything = `
mkdir -p deep/er/still empty
echo one >one; echo two >deep/two; : >none
head -c 3000000 /dev/urandom >deep/er/large
ln one deep/hard; ln deep/two deep/er/still/hard; ln -s ../one deep/link-out; ln -s /etc/shadow link
truncate -s 64M holes; printf end >>holes
printf odd >"$(printf 'not\\377utf8')"; echo x >'-n'; echo y >"$(printf 'a\\nb')"; echo z >'.swarmnfs-like'
setfattr -n user.comment -v 'a "word"' one; setfacl -m u:1234:rwx,g:77:r deep/two; setfacl -m d:u:1234:rwx deep .
chown 1000:33 one deep; chown -h 7:8 link; chmod 4751 one; chmod 0600 deep/two; chmod 1777 empty; chmod 2750 .
touch -d '2026-02-03 04:05:06.123456' one deep/er/large; touch -h -d '2026-01-01' link
touch -d '2020-01-01' deep/er empty .
`;

/** `from`, as a script made it, and an empty `to` beside it. */
export class TwoPlaces {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  static async make(t: ExecutionContext, script: string): Promise<TwoPlaces> {
    const places = new TwoPlaces(await temporaryDirectory(t));
    for (const name of ["from", "to"]) await fs.mkdir(join(places.path, name));
    await places.run("from", script);
    return places;
  }

  async run(side: "from" | "to", script: string): Promise<string> {
    const { stdout } = await run("sh", ["-euc", script], {
      cwd: join(this.path, side),
      encoding: "latin1",
      maxBuffer: 1024 ** 3,
    });
    return stdout;
  }

  async transfer(
    tell: (progress: TransferProgress) => void = () => undefined,
    what = "the source",
  ): Promise<TransferReport> {
    await using root = await Directory.root(this.path);
    await using from = await root.open("from");
    await using to = await root.open("to");
    return await transfer(from, to, what, tell);
  }

  /** All that tells two trees apart, the top one included: content, owners, modes, times, links, ACLs, attributes. */
  listing(side: "from" | "to"): Promise<string> {
    return this.run(
      side,
      String.raw`find . ! -type p ! -type s -printf '%P %y %m %U %G %s %T@ %n %l\n' | sed 's/\.\([0-9]\{4\}\)[0-9]*/.\1/' | sort
        find . -type f -exec sha256sum {} + | sort; getfacl -n -R -P . 2>/dev/null; getfattr -R -P -d -m - -e hex . | sort`,
    );
  }

  names(side: "from" | "to"): Promise<string[]> {
    return fs.readdir(join(this.path, side));
  }
}

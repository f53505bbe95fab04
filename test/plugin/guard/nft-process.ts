// What the guard does to the packet filter of the name space it is started in.
import process from "node:process";
import { Nft } from "../../../plugin/guard/nft.ts";

const [what, ...addresses] = process.argv.slice(2);
const nft = new Nft();
const shape = await (what === "install"
  ? nft.install(addresses, [2049])
  : what === "remove"
    ? nft.remove()
    : nft.look());
process.stdout.write(JSON.stringify(shape ?? null));

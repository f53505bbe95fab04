import path from "node:path";

/** The bundled `swarmnfs` command, as it is in the plugin's root file system. */
export const commandFile = path.join(import.meta.dirname, "../../dist/app/swarmnfs.mjs");

// Builds dist/npm: the command as a package for npm.
import path from "node:path";
import process from "node:process";
import { replaceWhole } from "./dist.ts";
import { newIdentity } from "./identity.ts";
import { writeNpmPackage } from "./npm-package.ts";

const identity = await newIdentity();
await replaceWhole(["npm"], (work) => writeNpmPackage(path.join(work, "npm"), identity));
process.stdout.write(
  `dist/npm: swarmnfs ${identity.version}. To install it: npm install --global ./dist/npm\n`,
);

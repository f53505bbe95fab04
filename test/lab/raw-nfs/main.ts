// Bundled into one file and run on a machine of the lab: takes an errand as JSON, prints the report as JSON.
import process from "node:process";
import type { Errand } from "./errand.ts";
import { Thief } from "./thief.ts";

const [, , errand = ""] = process.argv;
const report = await new Thief(JSON.parse(errand) as Errand).run();
process.stdout.write(`${JSON.stringify(report)}\n`);

import { formatSize } from "../service/size.ts";
import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import { UsageError } from "./usage-error.ts";

const topic = "backup restore";

export async function restoreBackup(call: Call): Promise<ExitCode> {
  const { operands, options, screen } = call;
  const [source = ""] = operands;
  const { at, path, to, inPlace, force } = options;
  if (inPlace && to !== null)
    throw new UsageError("--in-place and --to contradict each other: say one of them", topic);
  if (force && !inPlace)
    throw new UsageError("--force means something with --in-place only", topic);
  const request = { source, at, paths: [...path], to, inPlace, force };
  const report = await call.backup.ask("restore", request, `restoring ${source}`);
  const isWhole = report.differences.length === 0;
  if (options.json) {
    screen.json(report);
    return isWhole ? 0 : 3;
  }
  const files = report.files === 1 ? "1 file" : `${report.files.toLocaleString("en")} files`;
  const where = inPlace ? `volume "${report.volume}"` : `new volume "${report.volume}"`;
  screen.line(
    `Snapshot ${report.snapshot.slice(0, 8)} of ${report.at} (${files}, ${formatSize(report.bytes)}) ${screen.symbols.arrow} ${where}`,
  );
  for (const difference of report.differences)
    screen.paragraph(difference, "  ", [{ text: `${screen.symbols.problem} `, tone: "act" }]);
  const differences = plural(report.differences.length, "difference");
  screen.line({
    text: `Restored and compared: ${files}, ${differences}`,
    tone: isWhole ? "fine" : "act",
  });
  if (report.displaced !== null)
    screen.paragraph(
      `What was there before is in the trash: ${report.displaced}. To get it back beside the volume: swarmnfs trash undelete ${report.displaced} --as NAME`,
    );
  if (report.restart.length > 0)
    screen.paragraph(`These had it mounted and must be restarted: ${report.restart.join(", ")}`);
  if (!inPlace) {
    // Called after the app, for others may not mount it; the driver named, for Docker makes a volume of its own otherwise.
    const mount = `type=volume,volume-driver=swarmnfs,src=${report.volume},dst=/d`;
    screen.line("Look at it, on a node with the plugin:");
    screen.line(
      `  docker run --rm -it --name ${report.app}-look --mount ${mount} -w /d debian bash`,
    );
  }
  return isWhole ? 0 : 3;
}

import { pluginName } from "../../engine-box/plugin.ts";
import { label, services, volumes } from "./names.ts";
import type { Stage } from "./stage.ts";

/** Removes the demo's services, containers and volumes from an engine that stays. */
export async function tidy({ docker }: Stage): Promise<void> {
  for (const service of services) {
    const { stdout } = await docker.attempt(
      "service",
      "inspect",
      "--format",
      "{{.Spec.Labels}}",
      service,
    );
    if (stdout.includes(label)) await docker.attempt("service", "rm", service);
  }
  const { stdout } = await docker.attempt("ps", "--all", "--quiet", "--filter", `label=${label}`);
  const containers = stdout.split("\n").filter(Boolean);
  if (containers.length > 0) await docker.attempt("rm", "--force", ...containers);
  for (const volume of volumes) {
    const driver = await docker.attempt("volume", "inspect", "--format", "{{.Driver}}", volume);
    if (driver.stdout.startsWith(pluginName)) await docker.attempt("volume", "rm", volume);
  }
}

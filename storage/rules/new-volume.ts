import { UserError } from "../../service/user-error.ts";
import type { AppRecord } from "../records/app.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { narrowsHosts, narrowsServices, sameList } from "./narrowing.ts";
import { checkAppName, rootApp, sharedApp } from "./names.ts";
import type { VolumeOptions } from "./options.ts";

/** What distinguishes one new volume from another of the same request. */
export interface Birth {
  readonly id: string;
  readonly fsid: number;
  readonly createdAt: string;
  readonly createdBy: string;
}

/** The app a new volume will belong to. Throws `invalid` where the volume's own name cannot be one. */
export function appFor(name: string, options: VolumeOptions): string {
  if (options.root) return rootApp;
  if (options.app !== null) return options.app;
  if (name.toLowerCase() === sharedApp) {
    throw new UserError(
      "invalid",
      `volume "${name}" needs -o app=…: without it the app would be called "${name}" as well, and "shared" is everyone's. If that is meant: -o app=shared`,
    );
  }
  try {
    checkAppName(name);
  } catch (error) {
    throw new UserError(
      "invalid",
      `volume "${name}" needs -o app=…: an app cannot be called "${name}", which is reserved`,
      {
        cause: error,
      },
    );
  }
  return name;
}

/**
 * The app as its first volume makes it: its rules are the volume's. Without an explicit app, whoever mounts it first
 * owns it; `shared` and `root` are open here (a root volume is guarded by the node's own list).
 */
export function newApp(name: string, options: VolumeOptions, birth: Birth): AppRecord {
  const open = name === sharedApp || name === rootApp;
  return {
    schema: 1,
    revision: 1,
    app: name,
    services: open ? ["*"] : appServices(name, options),
    owner: null,
    hosts: open ? ["*"] : [...(options.hosts ?? ["*"])],
    size: null,
    createdAt: birth.createdAt,
    createdBy: birth.createdBy,
  };
}

/** The record of a new volume in state `creating`. Throws `conflict` if it asks for more than its app allows. */
export function newVolume(
  name: string,
  options: VolumeOptions,
  app: AppRecord,
  birth: Birth,
): VolumeRecord {
  return {
    schema: 1,
    revision: 1,
    id: birth.id,
    name,
    app: app.app,
    options: { ...options.asked },
    services: narrowedServices(options.services, app),
    hosts: narrowedHosts(options.hosts, app),
    access: options.access ?? (options.root ? "readonly" : "shared"),
    owner: { uid: options.uid ?? 0, gid: options.gid ?? 0, mode: options.mode ?? 0o755 },
    squash: options.squash,
    size: options.size,
    onRemove: options.onRemove ?? "archive",
    backup: options.backup ?? "default",
    mirror: options.mirror,
    mountOptions: [...(options.mountOptions ?? [])],
    root: options.root,
    fsid: birth.fsid,
    fill: null,
    state: "creating",
    createdAt: birth.createdAt,
    createdBy: birth.createdBy,
  };
}

/** A volume's own services rule, or null where it says what the app says. Throws `conflict` if it is wider. */
export function narrowedServices(
  services: readonly string[] | null,
  app: AppRecord,
): string[] | null {
  if (services === null || (isFirst(services) && app.services === "first")) return null;
  if (app.services !== "first" && sameList(services, app.services)) return null;
  if (!isFirst(services) && narrowsServices(services, app)) return [...services];
  throw wider(
    "services",
    services,
    app.services === "first" ? firstText(app) : app.services.join(","),
    app.app,
  );
}

/** A volume's own hosts rule, or null where it says what the app says. Throws `conflict` if it is wider. */
export function narrowedHosts(hosts: readonly string[] | null, app: AppRecord): string[] | null {
  if (hosts === null || sameList(hosts, app.hosts)) return null;
  if (narrowsHosts(hosts, app)) return [...hosts];
  throw wider("hosts", hosts, app.hosts.join(","), app.app);
}

function appServices(name: string, options: VolumeOptions): AppRecord["services"] {
  if (options.services !== null) return isFirst(options.services) ? "first" : [...options.services];
  return options.app === null ? "first" : [name];
}

function isFirst(services: readonly string[]): boolean {
  return services.length === 1 && services[0] === "first";
}

function firstText(app: AppRecord): string {
  return app.owner === null ? "first" : `first (${app.owner.kind} ${app.owner.name})`;
}

function wider(option: string, asked: readonly string[], has: string, app: string): UserError {
  return new UserError(
    "conflict",
    `option "${option}": app "${app}" exists with ${option}=${has}, and a volume of it cannot have ${option}=${asked.join(",")}, which is more. Ask for less, or let an administrator allow it: swarmnfs apps set ${app} ${option}=${asked.join(",")}`,
  );
}

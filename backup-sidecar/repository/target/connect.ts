import { systemClock, type Clock } from "../../../service/clock.ts";
import { Authorization, type Credentials } from "../http/authorization.ts";
import type { Dialing } from "../http/dialing-agent.ts";
import { discover } from "./discovery.ts";
import { Endpoint, type Tally } from "../http/endpoint.ts";
import {
  Endurance,
  systemPacing,
  usualEndurance,
  type EnduranceSettings,
  type Pacing,
  type Waiting,
} from "../webdav/endurance.ts";
import type { Throttle } from "../http/exchange.ts";
import { Folders } from "../webdav/folders.ts";
import { Line } from "./line.ts";
import { settleMarker, type Marker } from "./marker.ts";
import { usualBounds, type Bounds } from "../http/patience.ts";
import { Presence } from "../webdav/presence.ts";
import { Probe } from "./probe.ts";
import type { Profile } from "./profile.ts";
import { sweep } from "../webdav/sweep.ts";
import type { Traffic } from "../http/traffic.ts";
import { WebdavRemote } from "../webdav/webdav-remote.ts";

export interface TargetSettings {
  /** The base URLs as they are now ({@link TargetUrl}). */
  addresses(): Promise<readonly URL[]>;
  readonly credentials: Credentials;
  readonly trust: Dialing["trust"];
  /** Name of the storage: our folder below the base. */
  readonly storage: string;
  /** Hosts that may be redirected to besides the one that redirects; they are given the password. */
  readonly redirectHosts: readonly string[];
  readonly lookup?: Dialing["lookup"];
  readonly upload?: Throttle;
  readonly download?: Throttle;
  readonly bounds?: Bounds;
  readonly endurance?: EnduranceSettings;
  readonly pacing?: Pacing;
  readonly clock?: Clock;
  /** Counts all requests. */
  readonly traffic?: Traffic;
  /** After so many milliseconds with another address the first is tried again. */
  readonly preferAgainMs?: number;
}

export interface ConnectOptions {
  /** The id of the marker that was seen there before, null when this storage never was there. */
  readonly known: string | null;
  /** Whether our folder and its marker may be made, and the server tried out. Without it, nothing is written. */
  readonly mayWrite: boolean;
  /** How large a body to try, in bytes; 0 (the usual): none. */
  readonly largestBody?: number;
  readonly waiting?: Waiting;
  readonly tally?: Tally;
  readonly signal?: AbortSignal;
}

export interface Connected {
  readonly remote: WebdavRemote;
  /** Keep its id, and give it as `known` the next time. Null: not made yet, and nothing may be written. */
  readonly marker: Marker | null;
  /** Where our folder was found, without anything secret. */
  readonly location: string;
}

/** What is assumed of a server that must not be written to. */
const untried: Omit<Profile, "probedAt"> = {
  server: null,
  move: true,
  moveTo: "address",
  ranges: true,
  quota: false,
  largestBody: null,
  clockOffsetMs: null,
};

/**
 * Finds our folder on the server, makes sure that it is ours, makes it where there is none yet and finds out what the server
 * can do. Throws `RemoteFailure`; a place where our folder should be and is not is `wrong-target`, and nothing is written.
 */
export async function connect(
  settings: TargetSettings,
  options: ConnectOptions,
): Promise<Connected> {
  const { pacing = systemPacing, clock = systemClock } = settings;
  const { known, mayWrite, waiting = () => undefined, tally, signal } = options;
  const around = {
    ...(signal === undefined ? {} : { signal }),
    ...(tally === undefined ? {} : { tally }),
  };
  const presence = new Presence();
  if (known !== null) presence.expect(known);
  const folders = new Folders();
  const endurance = new Endurance(settings.endurance ?? usualEndurance, pacing);
  const authorizations = new Map<string, Authorization>();
  const line = new Line({
    pacing,
    preferAgainMs: settings.preferAgainMs ?? 300_000,
    addresses: () => settings.addresses(),
    open: async (address) => {
      const authorization =
        authorizations.get(address.href) ??
        new Authorization(settings.credentials, address.protocol === "https:");
      authorizations.set(address.href, authorization);
      const endpoint = endpointAt(address, authorization, settings);
      const user = (await settings.credentials.read())?.user ?? null;
      await discover(endpoint, user, {});
      endpoint.moveTo(new URL(`${encodeURIComponent(settings.storage)}/`, endpoint.base));
      await presence.confirmMarker(endpoint, {});
      return endpoint;
    },
  });
  return endurance.run(
    () =>
      line.use(async (endpoint) => {
        const marker = await settleMarker(endpoint, {
          storage: settings.storage,
          folders,
          mayWrite,
          now: clock.now(),
          ...around,
        });
        if (marker !== null) presence.expect(marker.id);
        const profile = mayWrite
          ? await new Probe(endpoint, { ...around, folders }).run(
              clock.now(),
              options.largestBody ?? 0,
            )
          : {
              ...untried,
              clockOffsetMs: endpoint.clockOffsetMs,
              probedAt: new Date(clock.now()).toISOString(),
            };
        const remote = new WebdavRemote(
          { line, endurance, presence, folders, profile },
          waiting,
          tally,
        );
        // A help for whoever pays for the space; a failure of it is no failure to connect.
        if (mayWrite) await sweep(remote, clock.now(), signal).catch(() => undefined);
        return { remote, marker, location: endpoint.base.href };
      }),
    waiting,
    signal,
  );
}

function endpointAt(
  address: URL,
  authorization: Authorization,
  settings: TargetSettings,
): Endpoint {
  const bounds = settings.bounds ?? usualBounds;
  return new Endpoint(address, authorization, {
    bounds,
    redirectHosts: settings.redirectHosts,
    ...(settings.traffic === undefined ? {} : { traffic: settings.traffic }),
    upload: settings.upload ?? null,
    download: settings.download ?? null,
    dialing: {
      trust: settings.trust,
      connectMs: bounds.connectMs,
      ...(settings.lookup === undefined ? {} : { lookup: settings.lookup }),
    },
  });
}

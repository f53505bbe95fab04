import type { Method } from "./protocol.ts";

/** How long a call may take, in milliseconds. */
export interface Deadline {
  /** After that the child that hangs in it is killed, and the storage is taken for dead; one that works has 2.5 times as long. */
  readonly kill: number;
  /** Long work, in a child of its own at idle priority: `kill` counts from its last sign of progress. */
  readonly long?: true;
}

/** Docker waits 30 s for any call, and the plugin's own bound is 22 s from the request's arrival: 8 s are for us. */
export const deadlines: Readonly<Record<Method, Deadline>> = {
  open: { kill: 8000 },
  list: { kill: 8000 },
  listSince: { kill: 8000 },
  get: { kill: 8000 },
  create: { kill: 8000 },
  adopt: { kill: 8000 },
  update: { kill: 8000 },
  remove: { kill: 8000 },
  attach: { kill: 8000 },
  detach: { kill: 8000 },
  renew: { kill: 8000 },
  getApp: { kill: 8000 },
  updateApp: { kill: 8000 },
  claimApp: { kill: 8000 },
  trash: { kill: 8000 },
  undelete: { kill: 8000 },
  health: { kill: 8000 },
  callRoll: { kill: 8000 },
  answerRoll: { kill: 8000 },
  rollAnswers: { kill: 8000 },
  staging: { kill: 30_000, long: true },
  dropStaging: { kill: 30_000, long: true },
  reportTurn: { kill: 8000 },
  putReportTurn: { kill: 8000 },
  endRoll: { kill: 30_000, long: true },
  callHooks: { kill: 8000 },
  answerHook: { kill: 8000 },
  hookAnswers: { kill: 8000 },
  endHooks: { kill: 8000 },
  hookHolders: { kill: 8000 },
  beginRestore: { kill: 8000 },
  noteRestore: { kill: 8000 },
  finishRestore: { kill: 30_000, long: true },
  abandonRestore: { kill: 30_000, long: true },
  fill: { kill: 30_000, long: true },
  examine: { kill: 30_000, long: true },
  usage: { kill: 30_000, long: true },
  purge: { kill: 30_000, long: true },
  review: { kill: 30_000, long: true },
  housekeep: { kill: 30_000, long: true },
};

/** A child that has not said that it is ready by then will never be; an overloaded or emulated machine takes half of it. */
export const startDeadlineMs = 60_000;

import { deadlines } from "../../../storage/keeper/deadlines.ts";

/** Whether calls end in time is shown elsewhere; here they may take as long as a machine that is emulated needs. */
export const slowness = 10;
const slow = { kill: 80_000 };

export const patient: typeof deadlines = {
  ...deadlines,
  open: slow,
  list: slow,
  listSince: slow,
  get: slow,
  create: slow,
  update: slow,
  remove: slow,
  attach: slow,
  detach: slow,
  renew: slow,
  getApp: slow,
  updateApp: slow,
  claimApp: slow,
  trash: slow,
  undelete: slow,
  health: slow,
};

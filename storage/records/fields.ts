import * as z from "zod";

/** The one rule for names of volumes and apps; Docker itself checks none (it would let `../x` through). */
export const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/** A volume's or an app's name. */
export const nameSchema = z.string().regex(namePattern);

/** A moment, RFC 3339 in UTC. */
export const timeSchema = z.iso.datetime();

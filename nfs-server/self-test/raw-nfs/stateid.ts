/** By which right something is read or written: 4 bytes of a counter and 12 of the server's. */
export type Stateid = Buffer;

/** "I have opened nothing" (RFC 8881, 8.2.3): servers read and write by it all the same. */
export const anonymous: Stateid = Buffer.alloc(16);

/** The one that the operation before in the same compound has got (RFC 8881, 16.2.3.1.2). */
export const current: Stateid = Buffer.from([0, 0, 0, 1, ...Buffer.alloc(12)]);

/** How operations end, by their numbers (RFC 8881, 15.1); those that a server of files says. */
const names: Readonly<Record<number, string>> = {
  0: "NFS4_OK",
  1: "NFS4ERR_PERM",
  2: "NFS4ERR_NOENT",
  5: "NFS4ERR_IO",
  13: "NFS4ERR_ACCESS",
  17: "NFS4ERR_EXIST",
  18: "NFS4ERR_XDEV",
  20: "NFS4ERR_NOTDIR",
  21: "NFS4ERR_ISDIR",
  22: "NFS4ERR_INVAL",
  28: "NFS4ERR_NOSPC",
  30: "NFS4ERR_ROFS",
  66: "NFS4ERR_NOTEMPTY",
  69: "NFS4ERR_DQUOT",
  70: "NFS4ERR_STALE",
  10001: "NFS4ERR_BADHANDLE",
  10004: "NFS4ERR_NOTSUPP",
  10005: "NFS4ERR_TOOSMALL",
  10006: "NFS4ERR_SERVERFAULT",
  10007: "NFS4ERR_BADTYPE",
  10008: "NFS4ERR_DELAY",
  10011: "NFS4ERR_EXPIRED",
  10013: "NFS4ERR_GRACE",
  10016: "NFS4ERR_WRONGSEC",
  10020: "NFS4ERR_NOFILEHANDLE",
  10022: "NFS4ERR_STALE_CLIENTID",
  10025: "NFS4ERR_BAD_STATEID",
  10029: "NFS4ERR_SYMLINK",
  10036: "NFS4ERR_BADXDR",
  10041: "NFS4ERR_BADNAME",
  10052: "NFS4ERR_BADSESSION",
  10063: "NFS4ERR_SEQ_MISORDERED",
  10083: "NFS4ERR_WRONG_TYPE",
};

/** As the standard writes it; a number that is not known here stays one. */
export function statusName(status: number): string {
  return names[status] ?? `status ${status}`;
}

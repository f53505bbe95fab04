const least = [6, 5] as const;

/** The first Linux with NFS over TLS on both sides: 6.5. */
export const leastKernel = least.join(".");

/** Whether a kernel can, by its `uname -r`. */
export function canSpeakTls(release: string): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  return major > least[0] || (major === least[0] && minor >= least[1]);
}

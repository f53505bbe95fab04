const pattern = /^swarmnfs-check-[0-9a-f]{12}$/;

/** What the volume of a roll call is called, by the call's id. */
export function scratchName(id: string): string {
  return `swarmnfs-check-${id.replaceAll("-", "").slice(-12)}`;
}

export function isScratchName(name: string): boolean {
  return pattern.test(name);
}

/** Whether a volume was made for a roll call, and may go with it: by its name and by how it was asked for. */
export function isScratch(record: {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
}): boolean {
  const { name, options } = record;
  const isAskedSo = Object.entries(scratchOptions).every(([key, value]) => options[key] === value);
  return pattern.test(name) && isAskedSo;
}

/** How such a volume is asked for: everybody may have it, nobody saves it. */
export const scratchOptions = {
  app: "shared",
  services: "*",
  backup: "off",
  "on-remove": "delete",
} as const;

/**
 * Puts `before` in front of every method of an effect that answers with a promise. A process that was killed, or a
 * server that is silent, is a `before` that never settles.
 */
export function guarded<T extends object>(effect: T, before: (method: string) => Promise<void>): T {
  return new Proxy(effect, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        if (synchronous.has(String(key))) return Reflect.apply(member, target, args);
        return before(String(key)).then(() => Reflect.apply(member, target, args) as unknown);
      };
    },
  });
}

const never = new Promise<never>(() => undefined);

/** What ends with the life of a process: nothing it began is ever heard of again. */
export function mortal<T extends object>(effect: T, death: AbortSignal): T {
  return new Proxy(effect, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        if (synchronous.has(String(key))) return Reflect.apply(member, target, args);
        if (death.aborted) return never;
        return unlessDead(Reflect.apply(member, target, args), death);
      };
    },
  });
}

async function unlessDead(result: unknown, death: AbortSignal): Promise<unknown> {
  try {
    return await result;
  } finally {
    if (death.aborted) await never;
  }
}

const synchronous = new Set(["path"]);

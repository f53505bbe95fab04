/**
 * Settles as `work` does, or rejects with `late()` when it has not within `ms` milliseconds; the work itself goes on then,
 * and may fail unheard.
 */
export async function bounded<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => over.reject(late()), ms);
  try {
    // Whoever loses the race is heard by it, so that no failure goes unhandled.
    return await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}

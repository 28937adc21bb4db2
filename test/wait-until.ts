import { setTimeout as sleep } from 'node:timers/promises';

/** How many times longer than usual everything may take: on an emulated processor, which a busy host slows further. */
export const patience = Number(process.env.BELUGA_TEST_PATIENCE ?? 1);

/**
 * Waits until `condition` gives something that is neither false nor null nor undefined, and gives that.
 * The bound is only there against hangs: it is generous and no test counts on it.
 * @throws Error naming `what` and the last failure of the condition.
 */
export async function waitUntil<T>(
  what: string,
  condition: () => T | Promise<T>,
  options: { boundMs?: number; everyMs?: number } = {},
): Promise<NonNullable<T>> {
  const end = performance.now() + (options.boundMs ?? 60_000) * patience;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(options.everyMs ?? 30);
  }
  throw new Error(`waited in vain until ${what}${last === undefined ? '' : `: ${String(last)}`}`);
}

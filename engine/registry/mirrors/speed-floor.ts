import { answerFailure } from '../registry-failure.ts';

/**
 * The pieces of a body, until it is slower than `floor` (bytes per second) over `floorWindow` (milliseconds). Only the time
 * in which its reader waits counts: a slow disk is no slow registry.
 *
 * @throws RegistryFailure `slow`; what the body throws.
 */
export async function* withFloor(
  body: AsyncIterable<Buffer>,
  { floor, floorWindow, host }: { floor: number; floorWindow: number; host: string },
): AsyncGenerator<Buffer> {
  let waited = 0;
  let bytes = 0;
  let since = performance.now();
  for await (const piece of body) {
    waited += performance.now() - since;
    bytes += piece.length;
    yield piece;
    since = performance.now();
    if (waited < floorWindow) continue;
    const speed = Math.round((bytes * 1000) / waited);
    if (speed < floor) throw answerFailure('slow', host, `only ${speed} bytes a second for ${Math.round(waited)} ms`);
    waited = 0;
    bytes = 0;
  }
}

import type { PeerName } from './subjects.ts';

/** One field in which Beluga and a dockerd differ. */
export interface Difference {
  readonly peer: PeerName;
  /** `group › label`. */
  readonly where: string;
  /** Path in the outcome: `body.State.Health`, `stdout[1]`. */
  readonly field: string;
  readonly dockerd: unknown;
  readonly beluga: unknown;
  /** The newest dockerd, where this is an older one, says as Beluga does. */
  readonly changedLater: boolean;
}

/** Stands for a field that one side does not have. */
export const absent = Symbol('absent');

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Found = (field: string, dockerd: unknown, beluga: unknown) => void;

function* keysOf(one: object, other: object): Generator<string> {
  yield* new Set([...Object.keys(one), ...Object.keys(other)]);
}

/** Calls `found` for each innermost field that differs. */
export function compare(dockerd: unknown, beluga: unknown, found: Found, field = ''): void {
  if (isRecord(dockerd) && isRecord(beluga)) {
    for (const key of keysOf(dockerd, beluga)) {
      const [one, other] = [dockerd, beluga].map((side) => (Object.hasOwn(side, key) ? side[key] : absent));
      compare(one, other, found, field === '' ? key : `${field}.${key}`);
    }
  } else if (Array.isArray(dockerd) && Array.isArray(beluga)) {
    for (const index of Array(Math.max(dockerd.length, beluga.length)).keys()) {
      const [one, other] = [dockerd, beluga].map((side) => (index < side.length ? side[index] : absent));
      compare(one, other, found, `${field}[${index}]`);
    }
  } else if (dockerd !== beluga) found(field, dockerd, beluga);
}

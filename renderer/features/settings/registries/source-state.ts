import type { EndpointHealth, MirrorTest } from '../../../../electron/bridge/registries.ts';
import type { GlyphShape } from '../../../ui/glyph-shape.ts';

/** How a mirror or registry is, of what the engine remembers of it. */
export type SourceState = 'fine' | 'slow' | 'failing' | 'sick' | 'unknown' | 'off';

export const stateShapes = {
  fine: 'dot',
  slow: 'triangle',
  failing: 'triangle',
  sick: 'cross',
  unknown: 'dashed',
  off: 'ring',
} as const satisfies Record<SourceState, GlyphShape>;

/** So much slower than the median of the others counts as slow. */
const slowShare = 0.1;

/** The middle of some figures; undefined of none. */
export function medianOf(figures: readonly number[]): number | undefined {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return undefined;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

export interface SourceFacts {
  health: EndpointHealth | undefined;
  off: boolean;
  now: number;
  /** Bytes per second of the other sources of the rule, where known. */
  otherSpeeds: readonly number[];
}

export function sourceState({ health, off, now, otherSpeeds }: SourceFacts): SourceState {
  if (off) return 'off';
  if (!health) return 'unknown';
  if (health.sickUntil !== undefined && health.sickUntil > now) return 'sick';
  if (health.failures > 0) return 'failing';
  const median = medianOf(otherSpeeds);
  if (median !== undefined && health.speed !== undefined && health.speed < median * slowShare) return 'slow';
  return health.lastSuccess === undefined ? 'unknown' : 'fine';
}

/** What a test comes to, in one word. */
export type TestVerdict =
  | 'unreachable'
  | 'refused'
  | 'noSpeed'
  | 'unfresh'
  | 'slowAndOld'
  | 'slow'
  | 'old'
  | 'warned'
  | 'works';

export function verdictOf({ reach, access, speed, freshness }: MirrorTest): TestVerdict {
  if (reach.state === 'failed') return 'unreachable';
  if (access?.state === 'failed') return 'refused';
  if (speed?.state === 'failed') return 'noSpeed';
  if (freshness?.state === 'failed') return 'unfresh';
  const slow = speed?.state === 'warning';
  const old = freshness?.state === 'warning' && (freshness.tag === 'older' || freshness.tag === 'different');
  if (slow && old) return 'slowAndOld';
  if (slow) return 'slow';
  if (old) return 'old';
  return [reach, access, speed, freshness].some((step) => step?.state === 'warning') ? 'warned' : 'works';
}

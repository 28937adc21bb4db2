import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '../../../base/digest.ts';
import { EngineError } from '../../../base/errors.ts';
import type { MirrorLimits } from '../../../registry/mirrors/registry-settings.ts';
import type { OpenBlob, RepositorySources } from '../../../registry/mirrors/repository-sources.ts';
import { type Attempt, type Source, type SourceNote, SourcesFailure } from '../../../registry/mirrors/source.ts';
import { withFloor } from '../../../registry/mirrors/speed-floor.ts';
import { answerFailure, RegistryFailure } from '../../../registry/registry-failure.ts';
import type { ContentStore, IngestFile } from '../../../storage/content/content-store.ts';
import type { LayerIntake, LayerIntakes, TakenBlob } from '../../../storage/snapshots/layer-intake.ts';
import type { LayerTarget } from '../../../storage/snapshots/snapshotter.ts';

export interface PullLimits {
  /** Rounds through all sources that bring nothing new of a blob before it is given up. */
  tries: number;
  /** Milliseconds before the second round; doubled each time. */
  pause: number;
  /** Milliseconds that a Retry-After is obeyed at most. */
  longestWait: number;
}

export const defaultPullLimits: PullLimits = { tries: 5, pause: 1000, longestWait: 60_000 };

export interface BlobPull {
  digest: Digest;
  /** Bytes. */
  size: number;
  sources: RepositorySources;
  signal: AbortSignal;
  content: ContentStore;
  intakes: LayerIntakes;
  limits: PullLimits;
  /** An empty place to unpack to, each time anew; absent: the blob is only kept. */
  openTarget?(): Promise<LayerTarget>;
  onProgress(progress: BlobProgress): void;
  note(note: SourceNote): void;
}

/** Bytes. */
export interface BlobProgress {
  current: number;
  /** From an earlier try. */
  kept: number;
  /** In the order in which they first gave something. */
  servedBy: readonly { endpoint: string; bytes: number }[];
}

export interface PulledBlob extends TakenBlob {
  /** Whole and verified; to be committed. */
  file: IngestFile;
}

/** What is known of one blob while it comes. */
interface Arrival {
  kept: number;
  at: number;
  servedBy: Map<string, { source: Source; bytes: number }>;
  /** Those that gave wrong bytes: never asked again for it. */
  excluded: ReadonlySet<string>;
}

/**
 * Fetches a blob into the store, going on behind what an earlier try has left and from the next source where one fails, and
 * unpacks it on the way. A failure of the registries, or being cancelled, keeps what is there for the next time.
 *
 * @throws SourcesFailure; EngineError `invalid` with `image.*`, `conflict` while it is being fetched; the signal's reason.
 */
export async function pullBlob(pull: BlobPull, excluded: ReadonlySet<string> = new Set()): Promise<PulledBlob> {
  const { digest, size, content, intakes, signal } = pull;
  const file = await content.ingestFile(`blob:${digest}`);
  const arrival: Arrival = { kept: 0, at: 0, servedBy: new Map(), excluded };
  let intake: LayerIntake | undefined;
  try {
    const target = await pull.openTarget?.();
    intake = intakes.begin({ file: file.path, digest, size, ...(target && { target }) });
    arrival.kept = await intake.kept;
    arrival.at = arrival.kept;
    await fill(pull, intake, arrival);
    return { file, ...(await intake.end()) };
  } catch (error) {
    await intake?.stop();
    if (error instanceof SourcesFailure || signal.aborted) {
      file.pause();
      throw error;
    }
    await file.abort();
    const isWrong = error instanceof EngineError && error.reason === 'image.digest-mismatch';
    const next = isWrong ? whoIsLeft(pull, arrival) : undefined;
    if (next) return pullBlob(pull, next);
    throw error;
  }
}

/** After wrong bytes: who is not asked again; undefined when nobody would be left. */
function whoIsLeft(pull: BlobPull, { kept, servedBy, excluded }: Arrival): ReadonlySet<string> | undefined {
  // what a crash or an earlier try has left may be what is wrong
  if (kept > 0) return excluded;
  const givers = [...servedBy.values()].map(({ source }) => source);
  // of several who gave a part the registry itself is believed
  const mirrors = givers.filter(({ role }) => role === 'mirror');
  const blamed = mirrors.length > 0 ? mirrors : givers;
  for (const source of blamed) pull.sources.blame(source, pull);
  const next = new Set([...excluded, ...blamed.map(({ text }) => text)]);
  return pull.sources.candidates().some(({ text }) => !next.has(text)) ? next : undefined;
}

/** Writes the rest of the blob into the intake, over as many connections and from as many sources as it takes. */
async function fill(pull: BlobPull, intake: LayerIntake, arrival: Arrival): Promise<void> {
  const { sources, size, signal } = pull;
  /** Of this round: each source is asked once before one is asked again. */
  const failed = new Map<string, Attempt>();
  const left = () => sources.candidates().filter(({ text }) => !failed.has(text) && !arrival.excluded.has(text));
  let before = arrival.at;
  tell(pull, arrival);
  for (let vain = 0; arrival.at < size; ) {
    const candidates = left();
    if (candidates.length > 0) {
      for (const attempt of await readSome(pull, intake, { arrival, candidates }))
        failed.set(attempt.source.text, attempt);
    }
    signal.throwIfAborted();
    if (arrival.at >= size || left().length > 0) continue;
    vain = arrival.at > before ? 0 : vain + 1;
    await pauseOrThrow([...failed.values()], vain, pull);
    before = arrival.at;
    failed.clear();
  }
}

/** From one source as much as it gives. Resolves to those that failed. */
async function readSome(
  pull: BlobPull,
  intake: LayerIntake,
  { arrival, candidates }: { arrival: Arrival; candidates: readonly Source[] },
): Promise<readonly Attempt[]> {
  const { sources, digest, signal, note } = pull;
  let blob: OpenBlob;
  try {
    blob = await sources.openBlob({ digest, offset: arrival.at, candidates, signal, note });
  } catch (error) {
    if (error instanceof SourcesFailure) return error.attempts;
    throw error;
  }
  const { source } = blob;
  const begin = arrival.at;
  const floor = candidates.length > 1 ? sources.limits : undefined;
  try {
    await readBody(pull, intake, { arrival, blob, floor });
  } catch (error) {
    if (!(error instanceof RegistryFailure)) throw error;
    blob.end(arrival.at - begin, error);
    return [{ source, failure: error }];
  }
  if (arrival.at >= pull.size) {
    blob.end(arrival.at - begin);
    return [];
  }
  // an end before the end, without a length that would have told
  const failure = answerFailure(
    'cut',
    source.endpoint.host,
    `${digest} ended after ${arrival.at} of ${pull.size} bytes`,
  );
  blob.end(arrival.at - begin, failure);
  return [{ source, failure }];
}

async function readBody(
  pull: BlobPull,
  intake: LayerIntake,
  { arrival, blob, floor }: { arrival: Arrival; blob: OpenBlob; floor: MirrorLimits | undefined },
): Promise<void> {
  const { source, offset, body } = blob;
  const pieces = floor ? withFloor(body, { ...floor, host: source.endpoint.host }) : body;
  // of a registry without ranges what is there already comes again
  let skip = arrival.at - offset;
  for await (const piece of pieces) {
    const fresh = piece.subarray(Math.min(skip, piece.length));
    skip -= piece.length - fresh.length;
    if (fresh.length === 0) continue;
    await intake.write(fresh);
    arrival.at += fresh.length;
    const served = arrival.servedBy.get(source.text) ?? { source, bytes: 0 };
    arrival.servedBy.set(source.text, { source, bytes: served.bytes + fresh.length });
    tell(pull, arrival);
  }
}

function tell(pull: BlobPull, { at, kept, servedBy }: Arrival): void {
  const served = [...servedBy].map(([endpoint, { bytes }]) => ({ endpoint, bytes }));
  pull.onProgress({ current: at, kept, servedBy: served });
}

/** Whether it may go away by itself: what a registry refuses will be refused again. */
function mayPass({ failure: { details } }: Attempt): boolean {
  const { kind, status = 0 } = details;
  if (kind === 'status') return status === 429 || status === 408 || status >= 500;
  return kind === 'connect' || kind === 'stalled' || kind === 'slow' || kind === 'cut';
}

/** Resolves when the next round may begin. */
async function pauseOrThrow(attempts: readonly Attempt[], vain: number, { limits, signal }: BlobPull): Promise<void> {
  const passing = attempts.filter(mayPass);
  if (passing.length === 0 || vain >= limits.tries) throw new SourcesFailure(attempts);
  const asked = passing.flatMap(({ failure: { details } }) => details.retryAfter ?? []);
  const own = vain === 0 ? 0 : limits.pause * 2 ** (vain - 1);
  // the first that is there again
  const wait = asked.length === passing.length ? Math.min(...asked) : own;
  await sleep(Math.min(wait, limits.longestWait), undefined, { signal });
}

import { EngineError } from '../../base/errors.ts';
import type { BuildMessage, BuiltResult, PlannedStep } from '../../services/build/build-service.ts';
import type { PullMessage, PushMessage } from '../../services/images/image-service.ts';
import type { Progress, Vertex } from './progress.ts';

/** Puts what happens in a build into its progress; `failedAt` is told at which line it has failed. Gives the result in the end. */
export async function reportBuild(
  messages: AsyncIterable<BuildMessage>,
  progress: Progress,
  failedAt: (name: string) => void,
): Promise<BuiltResult | undefined> {
  const steps = new Map<number, Vertex>();
  const pulls = new Map<string, Vertex>();
  let names: ReadonlyMap<number, string> = new Map();
  const asides = new Map<string, Vertex>();
  const pushes = new Map<string, Vertex>();
  let built: BuiltResult | undefined;
  let planned: readonly PlannedStep[] = [];
  try {
    for await (const message of messages) {
      if ('built' in message) built = message.built;
      else if ('warning' in message) (asides.get(message.aside ?? '') ?? progress).warn(message.warning);
      else if ('aside' in message) reportAside(message.aside, { progress, asides });
      else if ('push' in message) reportPush(message, { progress, pushes });
      else if ('pull' in message) reportPull(message, { progress, pulls });
      else if ('planned' in message) {
        planned = message.planned;
        names = stepNames(planned);
      } else if ('started' in message) {
        const name = names.get(message.step);
        if (name !== undefined && !steps.has(message.step)) steps.set(message.step, progress.begin(name));
      } else if ('log' in message) steps.get(message.step)?.log(message.log.stream, message.log.data);
      else if ('done' in message) steps.get(message.step)?.done({ cached: message.done.cached });
    }
  } catch (error) {
    // of several that end together the one that is meant
    const at = error instanceof EngineError ? error.lines : undefined;
    const guilty = planned.find(({ lines }) => lines.first === at?.first && lines.last === at?.last);
    const name = guilty && names.get(guilty.number);
    if (name !== undefined) failedAt(name);
    throw error;
  }
  return built;
}

/** As BuildKit calls them: counted in their stages, and without those that make nothing. */
function stepNames(planned: readonly PlannedStep[]): ReadonlyMap<number, string> {
  const stages = Map.groupBy(
    planned.filter(({ makes }) => makes),
    ({ stage }) => stage,
  );
  return new Map(
    [...stages].flatMap(([stage, steps]) =>
      steps.map(({ number, words }, index): [number, string] => {
        const total = String(steps.length);
        const place = `${stage === undefined ? '' : `${stage} `}${String(index + 1).padStart(total.length)}/${total}`;
        return [number, `[${place}] ${/^from\s/i.test(words) ? words.replace(/\s+as\s+\S+$/i, '') : words}`];
      }),
    ),
  );
}

function reportAside(
  { words, isDone }: { words: string; isDone: boolean },
  { progress, asides }: { progress: Progress; asides: Map<string, Vertex> },
): void {
  if (!isDone) asides.set(words, progress.begin(words));
  else asides.get(words)?.done();
}

function reportPush(
  { push, reference }: { push: PushMessage; reference: string },
  { progress, pushes }: { progress: Progress; pushes: Map<string, Vertex> },
): void {
  const vertex = pushes.get(reference) ?? progress.begin(`pushing ${reference}`);
  pushes.set(reference, vertex);
  if ('pushed' in push) {
    vertex.status(`pushing manifest ${push.pushed.digest}`, { current: 0, isDone: true });
    vertex.done();
  } else if ('layer' in push) {
    const { layer, progress: at } = push;
    if (at.state === 'pushing') vertex.status(`pushing layer ${layer}`, { current: at.current, total: at.total });
    else if (at.state !== 'preparing') vertex.status(`pushing layer ${layer}`, { current: 0, isDone: true });
  }
}

function reportPull(
  { pull, reference }: { pull: PullMessage; reference: string },
  { progress, pulls }: { progress: Progress; pulls: Map<string, Vertex> },
): void {
  const vertex = pulls.get(reference) ?? progress.begin(`[internal] pull ${reference}`);
  pulls.set(reference, vertex);
  if ('pulled' in pull) {
    vertex.done();
    pulls.delete(reference);
  } else if ('layer' in pull) {
    const { layer, progress: at } = pull;
    if (at.state === 'downloading') vertex.status(layer, { current: at.current, total: at.total });
    else if (at.state !== 'waiting') vertex.status(layer, { current: 0, isDone: at.state !== 'downloaded' });
  }
}

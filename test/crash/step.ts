import type { Call, Called } from './call.ts';
import type { KnownContainer } from './known-container.ts';
import type { KnownImages } from './known-images.ts';
import type { KnownVolumes } from './known-volumes.ts';
import type { Random } from './random.ts';

/** What every client of one engine shares. */
export interface Field {
  socket: string;
  /** One without volumes, and one that declares one and has files there. */
  baseImages: readonly [plain: string, withVolume: string];
  /** Folder of the diaries, on the host. */
  diaries: string;
  /** First of the host's ports that may be published. */
  firstPort: number;
  containers: Map<string, KnownContainer>;
  volumes: KnownVolumes;
  images: KnownImages;
  /** Ids of containers that a prune has named, or that one which was not answered may have taken. */
  pruned: Set<string>;
  /** Containers made so far. */
  made: number;
  /** Writes a line of what was done and what came of it. */
  note(line: string): void;
}

export interface Step {
  field: Field;
  random: Random;
  /** Writes down the request, sends it, writes down the answer. */
  ask(call: Call): Promise<Called>;
}

/** Answers that are right whatever others do with the container at the same time. */
export const gone = [404, 409];

/** @throws Error for any other status; 0, the engine was killed, is right always. */
export async function expect(step: Step, call: Call, statuses: readonly number[]): Promise<Called> {
  const answer = await step.ask(call);
  if (![0, ...statuses].includes(answer.status))
    throw new Error(`${call.method ?? 'GET'} ${call.path} was answered ${answer.status}: ${answer.text.slice(0, 500)}`);
  return answer;
}

import type { BuildOutput } from '../../services/build/build-service.ts';
import type { ClientOutput } from './exporter.ts';
import type { Progress, Vertex } from './progress.ts';
import { sendBytes } from './send-bytes.ts';
import { sendFiles } from './send-files.ts';
import type { Session } from './sessions.ts';

interface Taker {
  session: Session;
  progress: Progress;
  signal: AbortSignal;
}

/** Sends the result of a build to the client that asked for it, each output with a line of progress. */
export function outputToClient(taker: Taker, output: ClientOutput): BuildOutput {
  const { type, names } = output;
  const archive = (pieces: AsyncIterable<Uint8Array>) =>
    sending(taker, output, 'sending tarball', (to) => sendBytes(to, pieces));
  if (type === 'tar') return { kind: 'tar', take: archive };
  if (type !== 'local') return { kind: 'archive', references: names, take: archive };
  return {
    kind: 'files',
    take: (folders) => sending(taker, output, 'copying files', (to) => sendFiles(to, folders)),
  };
}

/** Bytes between two lines of progress. */
const step = 1 << 20;

async function sending(
  { session, progress, signal }: Taker,
  { number, words }: ClientOutput,
  what: string,
  send: (to: Parameters<typeof sendBytes>[0]) => Promise<void>,
): Promise<void> {
  const vertex: Vertex = progress.begin(words);
  let current = 0;
  let told = 0;
  const sent = (bytes: number) => {
    current += bytes;
    if (current - told < step) return;
    told = current;
    vertex.status(what, { current });
  };
  try {
    await send({ session, output: number, signal, sent });
    vertex.status(what, { current, isDone: true });
    vertex.done();
  } catch (error) {
    vertex.done({ error });
    throw error;
  }
}

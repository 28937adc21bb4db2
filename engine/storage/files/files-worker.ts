import { parentPort } from 'node:worker_threads';
import { decompress } from '../../base/decompress.ts';
import { EngineError } from '../../base/errors.ts';
import { PatternError } from '../../base/path-patterns.ts';
import { TarError } from '../../base/tar-error.ts';
import { createTarParser } from '../../base/tar-parser.ts';
import { createHandoff, type Handoff } from '../snapshots/handoff.ts';
import { layerFailure } from '../snapshots/layer-failure.ts';
import { createExtractor, type ExtractOptions } from './archive-extractor.ts';
import { copyFiles, makeDirectories } from './copy-files.ts';
import { packChanges } from './pack-changes.ts';
import { destinationInRoot, openSource, statInRoot } from './path-in-root.ts';
import type { FilesAnswer, FilesOrder, FilesTask } from './root-files.ts';
import { selectFiles } from './select-files.ts';
import { changesOf } from './tree-changes.ts';

/** The thread of `root-files.ts`: archives are unpacked side by side, everything else one after the other. */

interface Coming {
  chunks: Handoff<Buffer>;
  stopped: boolean;
}

const port = parentPort;
if (!port) throw new Error('files-worker runs as a thread of root-files');
const coming = new Map<number, Coming>();
const answer = (words: FilesAnswer) => port.postMessage(words);

async function extract(id: number, options: ExtractOptions): Promise<void> {
  const archive: Coming = { chunks: createHandoff(), stopped: false };
  coming.set(id, archive);
  const extractor = createExtractor(options);
  try {
    const parser = createTarParser(extractor);
    const counted = async function* () {
      for await (const chunk of archive.chunks) {
        yield chunk;
        answer({ id, done: chunk.length });
      }
    };
    let bytes = 0;
    for await (const chunk of decompress(counted())) {
      bytes += chunk.length;
      parser.push(chunk);
    }
    if (archive.stopped) throw new EngineError('cancelled', 'the archive did not come to its end');
    // as Docker, which takes nothing for an archive of nothing
    if (bytes > 0) parser.finish();
    extractor.finish();
  } finally {
    extractor.close();
    archive.chunks.leave();
    coming.delete(id);
  }
}

function perform(id: number, task: FilesTask): unknown {
  switch (task.kind) {
    case 'stat':
      return statInRoot(task.root, task.path);
    case 'source':
      return openSource(task.root, task.path);
    case 'destination':
      return destinationInRoot(task.root, task.path);
    case 'changes':
      return changesOf(task.tree);
    case 'pack':
      return packChanges(task.request);
    case 'select':
      return selectFiles(task.request);
    case 'copy':
      return copyFiles(task.request);
    case 'makeDirectories':
      return makeDirectories(task.request);
    case 'extract':
      return extract(id, task.options);
  }
}

function failureOf(error: unknown): EngineError {
  if (error instanceof PatternError) return new EngineError('invalid', error.message, { cause: error });
  if (!(error instanceof TarError)) return layerFailure(error);
  const words = error.fault === 'truncated' ? 'unexpected EOF' : `archive/tar: invalid tar header (${error.message})`;
  return new EngineError('invalid', words, { cause: error });
}

async function run(id: number, task: FilesTask): Promise<void> {
  try {
    answer({ id, result: await perform(id, task) });
  } catch (error) {
    const { code, message, reason, params } = failureOf(error);
    answer({ id, failure: { code, message, params, ...(reason && { reason }) } });
  }
}

port.on('message', (order: FilesOrder) => {
  if ('task' in order) return void run(order.id, order.task);
  // of one that has failed more may be under way
  const archive = coming.get(order.id);
  if (!archive) return;
  if ('chunk' in order)
    void archive.chunks.put(Buffer.from(order.chunk.buffer, order.chunk.byteOffset, order.chunk.length));
  else {
    archive.stopped ||= 'stop' in order;
    archive.chunks.end();
  }
});

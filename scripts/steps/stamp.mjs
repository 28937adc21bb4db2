// A step is skipped when its stamp, a hash of its inputs, is the one written after it last succeeded.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repo, repoCache } from './paths.mjs';

const ignored = new Set(['node_modules', 'dist', 'out', '.cache', 'test-results']);

function* filesBelow(entry) {
  const stat = statSync(entry, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) {
    yield entry;
    return;
  }
  for (const name of readdirSync(entry).sort()) if (!ignored.has(name)) yield* filesBelow(path.join(entry, name));
}

/** Hash (hex) of the files and folders named relative to the clone, and of the words in `extra`. */
export function hashOf(inputs, extra = []) {
  const hash = createHash('sha256');
  for (const word of extra) hash.update(`${word}\0`);
  for (const input of inputs) {
    for (const file of filesBelow(path.resolve(repo, input))) {
      hash.update(`${path.relative(repo, file)}\0`);
      hash.update(createHash('sha256').update(readFileSync(file)).digest());
    }
  }
  return hash.digest('hex');
}

const stampFile = (name) => path.join(repoCache, 'stamps', name);

/** True when step `name` last succeeded with `hash` and all `outputs` (relative to the clone) are still there. */
export function isDone(name, hash, outputs = []) {
  const file = stampFile(name);
  return (
    existsSync(file) &&
    readFileSync(file, 'utf8') === hash &&
    outputs.every((output) => existsSync(path.resolve(repo, output)))
  );
}

/** Records that step `name` succeeded with `hash`. */
export function markDone(name, hash) {
  writeAtomically(stampFile(name), hash);
}

/** Writes `file` so that no one ever reads half of it. */
export function writeAtomically(file, content, mode = 0o644) {
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, content, { mode });
  renameSync(draft, file);
}

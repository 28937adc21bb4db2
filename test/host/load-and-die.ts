// Loads an archive and dies at the N-th step that changes something: `load-and-die.ts ROOT ARCHIVE N`.
import { readFileSync } from 'node:fs';
import { openImageStore } from './image-store.ts';

const [root = '', archive = '', count = ''] = process.argv.slice(2);
let left = Number(count);
const counting = new Set(['ingest', 'write', 'commit', 'prepare', 'remove', 'delete', 'record']);

/** Counts the calls, those of what they return too; half of the steps die before the call, half after it began. */
function dying<T extends object>(part: T): T {
  return new Proxy(part, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (counting.has(String(key))) {
          left -= 1;
          if (left === 0 && Number(count) % 2 === 0) process.kill(process.pid, 'SIGKILL');
        }
        const result: unknown = value.apply(target, args);
        if (left === 0) process.kill(process.pid, 'SIGKILL');
        return result instanceof Promise
          ? result.then((done) => (typeof done === 'object' && done && 'commit' in done ? dying(done) : done))
          : result;
      };
    },
  });
}

const store = await openImageStore({ root, wrap: dying });
await store.load(readFileSync(archive));
await store.close();

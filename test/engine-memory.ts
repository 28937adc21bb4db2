import { readFileSync } from 'node:fs';
import type { TestEngine } from './engine-fixture.ts';
import { waitUntil } from './wait-until.ts';

/** What an engine holds after its garbage was collected, bytes. */
export interface EngineMemory {
  /** Objects on V8's heap: what stays of each request, if anything, stays here. */
  heap: number;
  /** Memory of buffers, beside the heap. */
  buffers: number;
  /** Of the process, with what its allocators keep for the next time. */
  resident: number;
}

/** For `startEngine`: its inspector waits for SIGUSR1, on any free port. */
export const inspectable = { env: { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' } };

const addressOf = (engine: TestEngine) => /Debugger listening on (ws:\S+)/.exec(engine.log())?.[1];

/**
 * Collects the garbage of an engine that was started `inspectable`, by the inspector, and measures what is left
 * (Chrome DevTools Protocol, HeapProfiler.collectGarbage and Runtime.getHeapUsage).
 */
export async function memoryOf(engine: TestEngine): Promise<EngineMemory> {
  if (!addressOf(engine)) process.kill(engine.pid, 'SIGUSR1');
  const socket = new WebSocket(await waitUntil('its inspector listens', () => addressOf(engine)));
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    let calls = 0;
    const call = <T>(method: string) => {
      const id = ++calls;
      return new Promise<T>((resolve) => {
        socket.addEventListener('message', ({ data }) => {
          const answer = JSON.parse(String(data)) as { id: number; result: T };
          if (answer.id === id) resolve(answer.result);
        });
        socket.send(JSON.stringify({ id, method }));
      });
    };
    // twice: what a finalizer lets go in the first is taken by the second
    for (let time = 0; time < 2; time++) await call('HeapProfiler.collectGarbage');
    const usage = await call<{ usedSize: number; backingStorageSize: number }>('Runtime.getHeapUsage');
    const resident = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${engine.pid}/status`, 'utf8'))?.[1]) * 1024;
    return { heap: usage.usedSize, buffers: usage.backingStorageSize, resident };
  } finally {
    socket.close();
  }
}

/** Bytes that an engine holds more than before; what its allocators keep says nothing. */
export const grown = (before: EngineMemory, after: EngineMemory) =>
  after.heap + after.buffers - before.heap - before.buffers;

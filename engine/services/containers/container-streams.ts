import { type Channel, createChannel, pulledChannel } from '../../base/channel.ts';
import { EngineError } from '../../base/errors.ts';
import type { OutputChunk, ProcessStream, Runtime } from '../../drivers/oci/runtime.ts';
import { type AttachQueue, precededBy, selectStream } from './attach-queue.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStreams, LogOptions, LogRecord } from './container-service.ts';
import type { ContainerStore } from './container-store.ts';
import type { Exporter } from './export-container.ts';
import { isReadable } from './log-config.ts';
import { hasProcess } from './state-machine.ts';

export interface StreamsDependencies {
  store: ContainerStore;
  attachments: AttachQueue;
  runtimeOf(record: ContainerRecord): Runtime;
  /** Reads a container's log; when following, until it has ended and everything is read. */
  readLog(record: ContainerRecord, options: LogOptions): Channel<LogRecord>;
  exporter: Exporter;
}

export function createContainerStreams(dependencies: StreamsDependencies): ContainerStreams {
  const { store, attachments, runtimeOf, readLog, exporter } = dependencies;
  const logs = (record: ContainerRecord, options: LogOptions) => {
    if (!isReadable(record.fixed.hostConfig)) {
      throw new EngineError('not-implemented', 'configured logging driver does not support reading');
    }
    return readLog(record, options);
  };
  return {
    export: exporter.export,
    async logs(name, options) {
      const record = store.resolve(name);
      if (!options.stdout && !options.stderr) {
        throw new EngineError('invalid', 'Bad parameters: you must choose at least one stream');
      }
      return logs(record, options);
    },
    async attach(name, options) {
      const record = store.resolve(name);
      if (record.state === 'paused') {
        const message = `container ${record.name} is paused, unpause the container before attach`;
        throw new EngineError('conflict', message, { params: { name: record.name } });
      }
      const { terminal, openStdin, stdinOnce } = record.fixed.config;
      const inputOnce = stdinOnce && !terminal;
      const { stdout, stderr } = options;
      const past = options.logs ? output(logs(record, { follow: false, stdout, stderr })) : undefined;
      const detached = () => {
        if (store.find(record.id)) store.tell(record.id, { action: 'detach' });
      };
      if (!options.stream) return { terminal, inputOnce, stream: readOnlyStream(past ?? endedOutput()), detached };
      const live = hasProcess(record.state) ? await runtimeOf(record).attach(record.id) : attachments.wait(record.id);
      const wanted = selectStream(live, { ...options, stdin: options.stdin && openStdin });
      store.tell(record.id, { action: 'attach' });
      return { terminal, inputOnce, stream: past ? precededBy(past, wanted) : wanted, detached };
    },
    async resize(name, size) {
      const record = store.resolve(name);
      if (!hasProcess(record.state)) {
        throw new EngineError('conflict', `container ${record.id} is not running`, {
          reason: 'container.not-running',
          params: { name: record.name },
        });
      }
      await runtimeOf(record).resize(record.id, size);
      const attributes = { height: String(size.rows), width: String(size.columns) };
      // it may have ended meanwhile, and be removed
      if (store.find(record.id)) store.tell(record.id, { action: 'resize', attributes });
    },
  };
}

function output(records: Channel<LogRecord>): Channel<OutputChunk> {
  return pulledChannel<OutputChunk>({
    async next() {
      const result = await records.next();
      if (result.done) return { done: true, value: undefined };
      return { done: false, value: { stream: result.value.stream, data: result.value.data } };
    },
    async return() {
      await records.return();
      return { done: true, value: undefined };
    },
  });
}

function endedOutput(): Channel<OutputChunk> {
  const channel = createChannel<OutputChunk>();
  channel.end();
  return channel;
}

function readOnlyStream(output: Channel<OutputChunk>): ProcessStream {
  return {
    output,
    write: async () => {},
    closeInput: async () => {},
    close: async () => {
      await output.return();
    },
  };
}

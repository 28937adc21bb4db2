import { statSync } from 'node:fs';
import type { Collector, CollectorDriver, LogMessage, LogOptions, LogSource } from './collector.ts';
import { dial, type Wire } from './dial.ts';

const defaultSocket = '/run/systemd/journal/socket';
const priorities = { stdout: '6', stderr: '3' } as const;

/** Journal export format: a value with a newline is preceded by its length (systemd, "Native Journal Protocol"). */
function field(name: string, value: string): Buffer {
  if (!value.includes('\n')) return Buffer.from(`${name}=${value}\n`);
  const text = Buffer.from(value);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, text, Buffer.from('\n')]);
}

function fieldsOf(source: LogSource): Buffer {
  const fields = {
    CONTAINER_ID: source.containerId.slice(0, 12),
    CONTAINER_ID_FULL: source.containerId,
    CONTAINER_NAME: source.containerName,
    CONTAINER_TAG: source.tag,
    IMAGE_NAME: source.imageName,
    SYSLOG_IDENTIFIER: source.tag,
    ...source.attributes,
  };
  return Buffer.concat(Object.entries(fields).map(([name, value]) => field(name, value)));
}

/** @param socket journald's */
export function journaldAt(socket: string): CollectorDriver {
  const create = (_: LogOptions, source: LogSource): Collector => {
    const fixed = fieldsOf(source);
    let wire: Wire | undefined;
    const entry = ({ stream, text, partial, timeNano }: LogMessage) => {
      const time = `${new Date(Number(timeNano / 1_000_000n)).toISOString().slice(0, 19)}.${String(timeNano % 1_000_000_000n).padStart(9, '0')}Z`;
      return Buffer.concat([
        field('MESSAGE', text),
        field('PRIORITY', priorities[stream]),
        field('SYSLOG_TIMESTAMP', time),
        ...(partial ? [field('CONTAINER_PARTIAL_MESSAGE', 'true')] : []),
        fixed,
      ]);
    };
    return {
      async open() {
        try {
          statSync(socket);
        } catch (cause) {
          throw new Error('journald is not enabled on this host', { cause });
        }
        wire = await dial({ kind: 'unixgram', path: socket });
      },
      async send(messages) {
        if (!wire) throw new Error('not connected');
        for (const message of messages) if (message.text !== '') await wire.write(entry(message));
      },
      close: () => wire?.close(),
    };
  };
  return {
    options: ['labels', 'labels-regex', 'env', 'env-regex', 'tag'],
    check() {},
    // names of fields are capitals, digits and underscores, and begin with no underscore
    attributeName: (name) =>
      name
        .toUpperCase()
        .replace(/[^A-Z0-9]/g, '_')
        .replace(/^_+/, ''),
    create,
  };
}

/** `journald`, where the host has it. */
export const journald: CollectorDriver = journaldAt(defaultSocket);

import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { deflate, gzip } from 'node:zlib';
import {
  type Collector,
  type CollectorDriver,
  invalidOption,
  type LogMessage,
  type LogOptions,
  type LogSource,
} from './collector.ts';
import { dial, joinAddress, type Wire } from './dial.ts';

const compressors = { gzip: promisify(gzip), zlib: promisify(deflate) } as const;
const severities = { stdout: 6, stderr: 3 } as const;
/** GELF, "Chunking": bytes of a datagram, of a chunk's header, and how many chunks a message may have. */
const datagramBytes = 1420;
const headerBytes = 12;
const mostChunks = 128;

interface Settings {
  kind: 'tcp' | 'udp';
  host: string;
  port: number;
  compression: 'gzip' | 'zlib' | 'none';
  level: number;
}

function settingsOf(options: LogOptions): Settings {
  const text = options['gelf-address'];
  if (!text) throw invalidOption('gelf-address is a required parameter');
  const [, scheme = '', rest = ''] = /^(?:([a-z+]*):\/\/)?(.*)$/.exec(text) ?? [];
  if (scheme !== 'tcp' && scheme !== 'udp') throw invalidOption('gelf: endpoint needs to be TCP or UDP');
  const match = /^(?:\[([^\]]+)\]|([^:/]+)):(\d{1,5})$/.exec(rest);
  if (!match) throw invalidOption('gelf: please provide gelf-address as proto://host:port');
  const type = options['gelf-compression-type'];
  const level = options['gelf-compression-level'];
  if (scheme === 'tcp' && (type ?? level) !== undefined) throw invalidOption('compression is only supported on UDP');
  if (type !== undefined && !['gzip', 'zlib', 'none'].includes(type)) throw unknownValue('gelf-compression-type', type);
  if (level !== undefined && !/^(-1|[0-9])$/.test(level)) throw unknownValue('gelf-compression-level', level);
  for (const name of ['gelf-tcp-max-reconnect', 'gelf-tcp-reconnect-delay']) {
    const value = options[name];
    if (value === undefined) continue;
    if (scheme === 'udp') throw invalidOption(`"${name}" is only valid for TCP`);
    if (!/^\d+$/.test(value)) throw invalidOption(`"${name}" must be a positive integer`);
  }
  const compression = scheme === 'tcp' ? 'none' : ((type ?? 'gzip') as Settings['compression']);
  return {
    kind: scheme,
    host: match[1] ?? match[2] ?? '',
    port: Number(match[3]),
    compression,
    level: Number(level ?? 1),
  };
}

const unknownValue = (name: string, value: string) =>
  invalidOption(`unknown value ${JSON.stringify(value)} for log opt ${JSON.stringify(name)} for gelf log driver`);

function messageOf(source: LogSource) {
  const further = {
    _command: source.command,
    _container_id: source.containerId,
    _container_name: source.containerName,
    _created: source.createdAt.toISOString(),
    _image_id: source.imageId,
    _image_name: source.imageName,
    _tag: source.tag,
    ...source.attributes,
  };
  return ({ timeNano, stream, text }: LogMessage) =>
    JSON.stringify({
      version: '1.1',
      host: source.hostname,
      short_message: text,
      timestamp: Number(timeNano / 1_000_000n) / 1000,
      level: severities[stream],
      ...further,
    });
}

/** @returns nothing for what is longer than the protocol allows. */
function chunksOf(data: Buffer): Buffer[] {
  if (data.length <= datagramBytes) return [data];
  const payload = datagramBytes - headerBytes;
  const count = Math.ceil(data.length / payload);
  if (count > mostChunks) return [];
  const id = randomBytes(8);
  return Array.from({ length: count }, (_, number) =>
    Buffer.concat([
      Buffer.of(0x1e, 0x0f),
      id,
      Buffer.of(number, count),
      data.subarray(number * payload, (number + 1) * payload),
    ]),
  );
}

function createGelf(options: LogOptions, source: LogSource): Collector {
  const settings = settingsOf(options);
  const { kind, compression, level } = settings;
  const toJson = messageOf(source);
  let wire: Wire | undefined;
  const datagrams = async (message: LogMessage) => {
    const plain = Buffer.from(toJson(message));
    return chunksOf(compression === 'none' ? plain : await compressors[compression](plain, { level }));
  };
  return {
    async open() {
      try {
        wire = await dial(settings);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`gelf: cannot connect to GELF endpoint: ${joinAddress(settings)} ${why}`, { cause: error });
      }
    },
    async send(messages) {
      const failure = wire ? wire.ended() : new Error('not connected');
      if (failure) throw failure;
      const said = messages.filter(({ text }) => text !== '');
      if (kind === 'tcp') await wire?.write(Buffer.from(said.map((message) => `${toJson(message)}\0`).join('')));
      else for (const message of said) for (const piece of await datagrams(message)) await wire?.write(piece);
    },
    close: () => wire?.close(),
  };
}

/** `gelf`: Graylog's format, over UDP in chunks, or over TCP with a zero byte after each message. */
export const gelf: CollectorDriver = {
  options: [
    ...['gelf-address', 'gelf-compression-level', 'gelf-compression-type', 'gelf-tcp-max-reconnect'],
    ...['gelf-tcp-reconnect-delay', 'tag', 'labels', 'labels-regex', 'env', 'env-regex'],
  ],
  check: (options) => void settingsOf(options),
  attributeName: (name) => `_${name}`,
  create: createGelf,
  retryAfter: (options) => Number(options['gelf-tcp-reconnect-delay'] ?? 1) * 1000,
};

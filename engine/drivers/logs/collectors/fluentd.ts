import { randomBytes } from 'node:crypto';
import { decodeMultiStream, Encoder, ExtData } from '@msgpack/msgpack';
import {
  type Collector,
  type CollectorDriver,
  invalidOption,
  type LogMessage,
  type LogOptions,
  type LogSource,
  parseGoBool,
  parseGoDuration,
  parseGoSize,
} from './collector.ts';
import { type Address, dial, type Wire } from './dial.ts';

const defaultPort = 24224;
/** Of the forward protocol, "EventTime": seconds and nanoseconds. */
const eventTime = 0;
/** Milliseconds. */
const ackPatience = 30_000;

function addressOf(text: string | undefined): Exclude<Address, { kind: 'udp' }> {
  if (!text) return { kind: 'tcp', host: '127.0.0.1', port: defaultPort };
  const wrong = (why: string) => invalidOption(`invalid fluentd-address (${text}): ${why}`);
  const full = text.includes('://') ? text : `tcp://${text}`;
  const [, scheme = '', rest = ''] = /^([^:]*):\/\/(.*)$/.exec(full) ?? [];
  if (scheme === 'unix') {
    if (rest === '') throw wrong('path is empty');
    return { kind: 'unix', path: rest };
  }
  if (scheme !== 'tcp' && scheme !== 'tls') throw wrong(`unsupported scheme: '${scheme}'`);
  const [authority = '', ...path] = rest.split('/');
  if (path.length > 0) throw wrong('should not contain a path element');
  const match = /^(?:\[([^\]]+)\]|([^:]*))(?::(.*))?$/.exec(authority);
  const port = match?.[3] || String(defaultPort);
  if (!match || !/^\d{1,5}$/.test(port)) throw wrong(`parse "${full}": invalid port ":${port}" after host`);
  return { kind: scheme, host: (match[1] ?? match[2]) || '127.0.0.1', port: Number(port) };
}

function checkFluentd(options: LogOptions): void {
  const given = (name: string, check: (value: string) => unknown) => {
    const value = options[name];
    if (value) check(value);
  };
  given('fluentd-address', addressOf);
  given('fluentd-buffer-limit', (value) => parseGoSize(value, 1024));
  given('fluentd-retry-wait', parseGoDuration);
  given('fluentd-max-retries', (value) => {
    if (!/^\d+$/.test(value))
      throw invalidOption(`strconv.ParseUint: parsing ${JSON.stringify(value)}: invalid syntax`);
  });
  if (options['fluentd-async'] && options['fluentd-async-connect']) {
    throw invalidOption("conflicting options: cannot specify both 'fluentd-async' and 'fluentd-async-connect");
  }
  for (const name of ['async-connect', 'async', 'request-ack', 'sub-second-precision']) {
    given(`fluentd-${name}`, parseGoBool);
  }
  given('fluentd-async-reconnect-interval', (value) => {
    const interval = parseGoDuration(value);
    if (interval === 0 || (interval >= 100 && interval <= 10_000)) return;
    const name = 'fluentd-async-reconnect-interval';
    throw invalidOption(`invalid value for ${name}: value (${JSON.stringify(value)}) must be between 100ms and 10s`);
  });
}

const isOn = (options: LogOptions, name: string) => parseGoBool(options[name] || 'false');

function timeOf(precise: boolean) {
  return (timeNano: bigint) => {
    const seconds = Number(timeNano / 1_000_000_000n);
    if (!precise) return seconds;
    const data = Buffer.alloc(8);
    data.writeUInt32BE(seconds, 0);
    data.writeUInt32BE(Number(timeNano % 1_000_000_000n), 4);
    return new ExtData(eventTime, data);
  };
}

/** The answer to a chunk: `{ack: id}`. What comes may come in pieces. */
async function acknowledged(wire: Wire, id: string): Promise<void> {
  const late = setTimeout(() => wire.close(), ackPatience).unref();
  try {
    const pieces = async function* () {
      for (;;) yield await wire.read();
    };
    for await (const answer of decodeMultiStream(pieces())) {
      if ((answer as { ack?: unknown } | null)?.ack === id) return;
      throw new Error('the collector has acknowledged something else');
    }
  } finally {
    clearTimeout(late);
  }
}

function createFluentd(options: LogOptions, source: LogSource): Collector {
  const address = addressOf(options['fluentd-address']);
  const wantsAck = isOn(options, 'fluentd-request-ack');
  const toTime = timeOf(isOn(options, 'fluentd-sub-second-precision'));
  const encoder = new Encoder();
  const fixed = { container_id: source.containerId, container_name: `/${source.containerName}` };
  let wire: Wire | undefined;
  const encode = ({ timeNano, stream, text, partial }: LogMessage, option: Record<string, string>) => {
    const more = partial ? { partial_message: 'true' } : {};
    const record = { ...fixed, source: stream, log: text, ...source.attributes, ...more };
    return encoder.encode([source.tag, toTime(timeNano), record, option]);
  };
  return {
    async open() {
      wire = await dial(address, address.kind === 'tls' ? {} : undefined);
    },
    async send(messages) {
      const failure = wire ? wire.ended() : new Error('not connected');
      if (!wire || failure) throw failure;
      // they come in order: who has the last one has all
      const chunk = wantsAck ? randomBytes(16).toString('base64') : undefined;
      const pieces = messages.map((message, index) =>
        encode(message, chunk !== undefined && index === messages.length - 1 ? { chunk } : {}),
      );
      await wire.write(Buffer.concat(pieces));
      if (chunk !== undefined) await acknowledged(wire, chunk);
    },
    close: () => wire?.close(),
  };
}

/** `fluentd`: the forward protocol, version 1, in message mode. */
export const fluentd: CollectorDriver = {
  options: [
    ...['env', 'env-regex', 'labels', 'labels-regex', 'tag', 'fluentd-address', 'fluentd-async'],
    ...['fluentd-async-connect', 'fluentd-async-reconnect-interval', 'fluentd-buffer-limit', 'fluentd-max-retries'],
    ...['fluentd-request-ack', 'fluentd-retry-wait', 'fluentd-sub-second-precision'],
  ],
  check: checkFluentd,
  create: createFluentd,
  startsWithout: (options) => isOn(options, 'fluentd-async') || isOn(options, 'fluentd-async-connect'),
  retryAfter: (options) => parseGoDuration(options['fluentd-retry-wait'] || '1s'),
};

import { statSync } from 'node:fs';
import { errnoCode } from '../../../base/libc.ts';
import {
  type Collector,
  type CollectorDriver,
  invalidOption,
  type LogMessage,
  type LogOptions,
  type LogSource,
} from './collector.ts';
import { type Address, dial, secureOptions, type Wire } from './dial.ts';

/** RFC 5424, 6.2.1, by the names of syslog(3). */
const facilities: readonly string[] = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['', '', '', '', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];
const severities = { stdout: 6, stderr: 3 } as const;
const formats = ['', 'rfc3164', 'rfc5424', 'rfc5424micro'];
/** Where syslogd listens on this machine, by the kind of socket that it made. */
const localPlaces = ['/dev/log', '/var/run/syslog', '/var/run/log'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Undefined for this machine's. */
function addressOf(text: string | undefined): Address | undefined {
  if (!text) return undefined;
  const [, scheme = '', rest = ''] = /^(?:([a-z+]*):\/\/)?(.*)$/.exec(text) ?? [];
  if (scheme === 'unix' || scheme === 'unixgram') {
    try {
      statSync(rest);
    } catch (error) {
      const why = errnoCode(error) === 'ENOENT' ? 'no such file or directory' : 'permission denied';
      throw invalidOption(`stat ${rest}: ${why}`);
    }
    return { kind: scheme, path: rest };
  }
  const kinds = { tcp: 'tcp', udp: 'udp', 'tcp+tls': 'tls' } as const;
  if (!Object.hasOwn(kinds, scheme)) throw invalidOption(`unsupported scheme: '${scheme}'`);
  const match = /^(?:\[([^\]]+)\]|([^:/]*))(?::(\d{1,5}))?$/.exec(rest);
  if (!match) throw invalidOption(`invalid syslog-address: ${text}`);
  return { kind: kinds[scheme as keyof typeof kinds], host: match[1] ?? match[2] ?? '', port: Number(match[3] ?? 514) };
}

function facilityOf(text: string | undefined): number {
  if (!text) return facilities.indexOf('daemon');
  const byName = facilities.indexOf(text);
  if (byName >= 0) return byName;
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= 23) return number;
  throw invalidOption('invalid syslog facility');
}

/** Go's time.Stamp. */
function stamp(date: Date): string {
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0'));
  return `${months[date.getMonth()]} ${String(date.getDate()).padStart(2, ' ')} ${time.join(':')}`;
}

/** As Docker writes it: the empty format is that of local sockets, rfc5424 has the tag for APP-NAME and MSGID. */
function lineOf(format: string, facility: number, { tag, hostname }: LogSource) {
  const { pid } = process;
  return ({ stream, timeNano, text }: LogMessage): string => {
    const head = `<${facility * 8 + severities[stream]}>`;
    const date = new Date(Number(timeNano / 1_000_000n));
    if (format === '') return `${head}${stamp(date)} ${tag}[${pid}]: ${text}\n`;
    if (format === 'rfc3164') return `${head}${stamp(date)} ${hostname} ${tag}[${pid}]: ${text}\n`;
    const seconds = date.toISOString().slice(0, 19);
    const micro = String((timeNano / 1000n) % 1_000_000n).padStart(6, '0');
    const time = format === 'rfc5424micro' ? `${seconds}.${micro}Z` : `${seconds}Z`;
    return `${head}1 ${time} ${hostname} ${tag} ${pid} ${tag} - ${text}\n`;
  };
}

async function dialLocal(): Promise<Wire> {
  for (const kind of ['unixgram', 'unix'] as const) {
    for (const path of localPlaces) {
      try {
        return await dial({ kind, path });
      } catch {
        // the next place
      }
    }
  }
  throw new Error('Unix syslog delivery error');
}

function createSyslog(options: LogOptions, source: LogSource): Collector {
  const address = addressOf(options['syslog-address']);
  const format = options['syslog-format'] ?? '';
  const secure = address?.kind === 'tls' ? secureOptions(options, 'syslog-tls-') : undefined;
  const toLine = lineOf(format, facilityOf(options['syslog-facility']), source);
  // RFC 5425, 4.3: over TLS each message is preceded by its length
  const counted = secure !== undefined && format.startsWith('rfc5424');
  const isDatagram = address === undefined || address.kind === 'udp' || address.kind === 'unixgram';
  let wire: Wire | undefined;
  return {
    async open() {
      wire = address ? await dial(address, secure) : await dialLocal();
    },
    async send(messages) {
      const failure = wire ? wire.ended() : new Error('not connected');
      if (failure) throw failure;
      const lines = messages
        .filter(({ text }) => text !== '')
        .map((message) => {
          const line = Buffer.from(toLine(message));
          return counted ? Buffer.concat([Buffer.from(`${line.length} `), line]) : line;
        });
      if (!isDatagram) await wire?.write(Buffer.concat(lines));
      else for (const line of lines) await wire?.write(line);
    },
    close: () => wire?.close(),
  };
}

/** `syslog`: RFC 3164, RFC 5424, over UDP (5426), TCP (6587, each line ended by its newline), TLS (5425), Unix sockets. */
export const syslog: CollectorDriver = {
  options: [
    ...['syslog-address', 'syslog-facility', 'syslog-format', 'syslog-tls-ca-cert', 'syslog-tls-cert'],
    ...['syslog-tls-key', 'syslog-tls-skip-verify', 'tag', 'labels', 'labels-regex', 'env', 'env-regex'],
  ],
  check(options) {
    addressOf(options['syslog-address']);
    facilityOf(options['syslog-facility']);
    if (!formats.includes(options['syslog-format'] ?? '')) throw invalidOption('Invalid syslog format');
  },
  create: createSyslog,
};

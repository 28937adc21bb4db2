import type { TarEntry } from './tar-parser.ts';

/** Writing tar with everything that a file has: ustar, with PAX records (POSIX.1-2001 `pax`) for what does not fit there. */

const blockSize = 512;
const typeFlags = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
} as const satisfies Record<TarEntry['type'], string>;

/** The headers of an entry; `size` bytes and `tarPadding(size)` are to follow. */
export function tarEntryHeader(entry: TarEntry): Buffer {
  const records = paxRecords(entry);
  const own = header({ ...entry, flag: typeFlags[entry.type] });
  if (records.length === 0) return own;
  const body = Buffer.concat(records);
  const pax = { ...entry, name: 'PaxHeader', flag: 'x', mode: 0o644, size: body.length, link: '' };
  const none = { seconds: 0, nanoseconds: 0 };
  const padding = Buffer.alloc((blockSize - (body.length % blockSize)) % blockSize);
  return Buffer.concat([header({ ...pax, uid: 0, gid: 0, modified: none }), body, padding, own]);
}

function paxRecords({ name, link, size, uid, gid, modified, attributes }: TarEntry): Buffer[] {
  const { seconds, nanoseconds } = modified;
  const byteString = (text: string) => Buffer.from(text, 'latin1');
  return [
    ...(name.length > 100 ? [paxRecord('path', byteString(name))] : []),
    ...(link.length > 100 ? [paxRecord('linkpath', byteString(link))] : []),
    ...(size >= 8 ** 11 ? [paxRecord('size', String(size))] : []),
    ...(uid >= 8 ** 7 ? [paxRecord('uid', String(uid))] : []),
    ...(gid >= 8 ** 7 ? [paxRecord('gid', String(gid))] : []),
    ...(nanoseconds !== 0 || seconds < 0 || seconds >= 8 ** 11 ? [paxRecord('mtime', decimal(modified))] : []),
    ...attributes.map(({ name: attribute, value }) => paxRecord(`SCHILY.xattr.${attribute}`, value)),
  ];
}

function decimal({ seconds, nanoseconds }: TarEntry['modified']): string {
  const all = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
  const size = all < 0n ? -all : all;
  const fraction = String(size % 1_000_000_000n).padStart(9, '0');
  return `${all < 0n ? '-' : ''}${size / 1_000_000_000n}.${fraction}`;
}

/** Its length, in decimal digits, counts these digits too. */
function paxRecord(key: string, value: string | Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function header(entry: Omit<TarEntry, 'type' | 'attributes'> & { flag: string }): Buffer {
  const block = Buffer.alloc(blockSize);
  const { name, mode, uid, gid, size, modified, link, device, flag } = entry;
  block.write(name.slice(0, 100), 0, 'latin1');
  octal(block, mode, 100, 8);
  octal(block, uid, 108, 8);
  octal(block, gid, 116, 8);
  octal(block, size, 124, 12);
  octal(block, modified.seconds, 136, 12);
  block.write(flag, 156, 'latin1');
  block.write(link.slice(0, 100), 157, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  octal(block, device.major, 329, 8);
  octal(block, device.minor, 337, 8);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** What does not fit is told by a PAX record. */
function octal(block: Buffer, value: number, at: number, length: number): void {
  const fits = value >= 0 && value < 8 ** (length - 1);
  block.write(`${(fits ? value : 0).toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
}

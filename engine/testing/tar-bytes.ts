/** Tar archives made by hand, the broken and hostile ones too. */

export interface TarFixture {
  name: string;
  /** The type flag; '0' a file. */
  type?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  modified?: number;
  link?: string;
  content?: string | Uint8Array;
  /** Instead of the content's length. */
  size?: number;
  device?: { major: number; minor: number };
  /** PAX records put before it. */
  pax?: Readonly<Record<string, string | Uint8Array>>;
}

const block = 512;

/** One archive with its end mark. */
export function tarBytes(entries: readonly TarFixture[], options: { end?: boolean } = {}): Buffer {
  const parts = entries.map(entryBytes);
  return Buffer.concat([...parts, Buffer.alloc(options.end === false ? 0 : 2 * block)]);
}

function entryBytes(entry: TarFixture): Buffer {
  const content = Buffer.from(entry.content ?? '');
  const before = entry.pax
    ? entryBytes({ name: 'PaxHeaders/0', type: 'x', content: paxBytes(entry.pax) })
    : Buffer.alloc(0);
  return Buffer.concat([before, headerBytes(entry, entry.size ?? content.length), padded(content)]);
}

export function headerBytes(entry: TarFixture, size: number): Buffer {
  const header = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  header.write(entry.name.slice(0, 100), 0, 'latin1');
  octal(entry.mode ?? (entry.type === '5' ? 0o755 : 0o644), 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  octal(size, 124, 12);
  octal(entry.modified ?? 0, 136, 12);
  header.write(entry.type ?? '0', 156, 'latin1');
  header.write(entry.link ?? '', 157, 100, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  octal(entry.device?.major ?? 0, 329, 8);
  octal(entry.device?.minor ?? 0, 337, 8);
  return withChecksum(header);
}

export function withChecksum(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function paxBytes(records: NonNullable<TarFixture['pax']>): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    return Buffer.concat([Buffer.from(String(length)), rest]);
  });
  return Buffer.concat(lines);
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((block - (content.length % block)) % block)]);
}

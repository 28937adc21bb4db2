/** Writing tar: ustar (POSIX.1-1988) with GNU's base-256 numbers for what is longer than 8 GiB. */

const blockSize = 512;

export interface WrittenEntry {
  /** At most 100 bytes. */
  name: string;
  type: 'file' | 'directory';
  /** Bytes that follow; they are to be followed by `tarPadding(size)`. */
  size: number;
  /** Seconds since the epoch. */
  modified: number;
}

/** The header of an entry that belongs to root. */
export function tarHeader({ name, type, size, modified }: WrittenEntry): Buffer {
  const header = Buffer.alloc(blockSize);
  const text = Buffer.from(name);
  if (text.length > 100) throw new RangeError(`${name} is too long for a tar header`);
  text.copy(header);
  writeNumber(header, type === 'directory' ? 0o755 : 0o644, 100, 8);
  writeNumber(header, 0, 108, 8);
  writeNumber(header, 0, 116, 8);
  writeNumber(header, size, 124, 12);
  writeNumber(header, modified, 136, 12);
  header.write(type === 'directory' ? '5' : '0', 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** Zeros up to the next block. */
export const tarPadding = (size: number) => Buffer.alloc((blockSize - (size % blockSize)) % blockSize);

/** What tells that an archive is whole. */
export const tarEnd = () => Buffer.alloc(2 * blockSize);

function writeNumber(header: Buffer, value: number, at: number, length: number): void {
  const digits = value.toString(8);
  if (digits.length < length) {
    header.write(`${digits.padStart(length - 1, '0')}\0`, at, 'latin1');
    return;
  }
  header[at] = 0x80;
  header.writeBigUInt64BE(BigInt(value), at + length - 8);
}

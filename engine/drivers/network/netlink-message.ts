/** Bytes of netlink messages, netlink(7): a header of 16 bytes, then attributes, everything aligned to 4. */

export const flags = { request: 1, acknowledge: 4, exclusive: 0x200, create: 0x400, dump: 0x300 } as const;

const headerLength = 16;
const errorType = 2;
const doneType = 3;
/** Set on attributes that hold attributes (NLA_F_NESTED). */
const nestedBit = 0x8000;

const aligned = (length: number) => (length + 3) & ~3;

/** One attribute with its header and padding. */
export function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(aligned(4 + value.length));
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

export const textAttribute = (type: number, text: string) => attribute(type, Buffer.from(`${text}\0`));

export function numberAttribute(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return attribute(type, bytes);
}

export const nested = (type: number, ...parts: readonly Uint8Array[]) =>
  attribute(type | nestedBit, Buffer.concat(parts));

/** One message. `sequence` comes back in the answers. */
export function messageOf(type: number, flagBits: number, sequence: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(headerLength);
  header.writeUInt32LE(headerLength + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flagBits | flags.request, 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, body]);
}

export interface NetlinkMessage {
  type: number;
  sequence: number;
  /** What follows the header. */
  body: Buffer;
}

/** The messages of one datagram. */
export function messagesIn(datagram: Buffer): NetlinkMessage[] {
  const found: NetlinkMessage[] = [];
  for (let at = 0; at + headerLength <= datagram.length; ) {
    const length = datagram.readUInt32LE(at);
    if (length < headerLength) break;
    const type = datagram.readUInt16LE(at + 4);
    const sequence = datagram.readUInt32LE(at + 8);
    found.push({ type, sequence, body: datagram.subarray(at + headerLength, at + length) });
    at += aligned(length);
  }
  return found;
}

/** Attributes by type, without the nested bit. */
export function attributesIn(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4) break;
    found.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += aligned(length);
  }
  return found;
}

/** How an exchange goes on: more to come, the end, or the error number with which the kernel refused. */
export function endOf({ type, body }: NetlinkMessage): 'more' | 'end' | number {
  if (type === doneType) return 'end';
  if (type !== errorType) return 'more';
  const error = -body.readInt32LE(0);
  return error === 0 ? 'end' : error;
}

/** Text that ends with a NUL. */
export function textOf(value: Buffer | undefined): string {
  if (!value) return '';
  const end = value.indexOf(0);
  return value.toString('utf8', 0, end < 0 ? value.length : end);
}

/** Messages of gRPC on a stream of HTTP/2: a flag, the length big-endian, the message (gRPC over HTTP2, "Length-Prefixed-Message"). */

const prefix = 5;

/** A message with its prefix. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefix + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefix);
  return frame;
}

/** Longest message of a client, in bytes: one is held in memory as a whole. */
const longestMessage = 64 << 20;

/** Takes chunks and gives the messages that have become whole. They are views: of use until the next turn. */
export function createDeframer(): (chunk: Buffer) => Buffer[] {
  let kept: Buffer[] = [];
  let length = 0;
  let wanted = prefix;
  return (chunk) => {
    kept.push(chunk);
    length += chunk.length;
    if (length < wanted) return [];
    const bytes = kept.length === 1 ? chunk : Buffer.concat(kept);
    const messages: Buffer[] = [];
    let at = 0;
    wanted = prefix;
    while (bytes.length - at >= prefix) {
      const size = bytes.readUInt32BE(at + 1);
      if (size > longestMessage) throw new RangeError(`a message of ${size} bytes is too long`);
      if (bytes.length - at < prefix + size) {
        wanted = prefix + size;
        break;
      }
      messages.push(bytes.subarray(at + prefix, at + prefix + size));
      at += prefix + size;
    }
    kept = at < bytes.length ? [bytes.subarray(at)] : [];
    length = bytes.length - at;
    return messages;
  };
}

import { framesOf } from '../raw-http.ts';

/** Whether what came is in frames: the type alone does not tell before API 1.42. */
export const framed = (type: string, bytes: Buffer): boolean =>
  /docker\.(?:raw|multiplexed)-stream/.test(type) && bytes.length >= 8 && bytes.readUInt32BE(0) < 0x3000000;

/** Each run of frames of one stream as one, `1: text`: where a text is cut nobody promises. */
export function merged(bytes: Buffer): string {
  let last = -1;
  let text = '';
  for (const frame of framesOf(bytes)) {
    text += frame.stream === last ? frame.text : `${frame.stream}: ${frame.text}`;
    last = frame.stream;
  }
  return text;
}

import { StringDecoder } from 'node:string_decoder';

type Stream = 'stdout' | 'stderr';

/** A line without an end is cut there, characters. */
const longestLine = 16_384;

/** Makes lines of pieces of output, each stream for itself. */
export interface StepLines {
  add(stream: Stream, data: Uint8Array): string[];
  /** What has no end of line. */
  rest(): { stream: Stream; text: string }[];
}

/** What a terminal would show of it: a progress bar has overwritten itself. */
const shown = (line: string) => line.replace(/\r+$/, '').split('\r').at(-1) ?? '';

export function createStepLines(): StepLines {
  const open = new Map<Stream, { decoder: StringDecoder; text: string }>();
  const of = (stream: Stream) => {
    const known = open.get(stream) ?? { decoder: new StringDecoder('utf8'), text: '' };
    open.set(stream, known);
    return known;
  };
  return {
    add(stream, data) {
      const own = of(stream);
      const lines = (own.text + own.decoder.write(Buffer.from(data))).split('\n');
      own.text = lines.pop() ?? '';
      if (own.text.length > longestLine) lines.push(own.text.slice(0, longestLine));
      if (own.text.length > longestLine) own.text = own.text.slice(longestLine);
      return lines.map(shown);
    },
    rest: () =>
      [...open].flatMap(([stream, { decoder, text }]) => {
        const left = shown(text + decoder.end());
        return left === '' ? [] : [{ stream, text: left }];
      }),
  };
}

import Anser, { type AnserJsonEntry } from 'anser';
import type { CSSProperties } from 'react';
import { isColoured, withColoursOnly } from './ansi-sequences.ts';
import { hitsIn, Marked } from './marked.tsx';

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const levels = [0, 95, 135, 175, 215, 255];

/** A colour of the 256-colour palette: 16 named, a cube of 6, 24 greys. */
function paletteColour(index: number): string {
  if (index < 16) return `var(--ansi-${names[index % 8]})`;
  if (index >= 232) {
    const grey = 8 + 10 * (index - 232);
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const cube = index - 16;
  const part = (size: number) => levels[Math.floor(cube / size) % 6];
  return `rgb(${part(36)} ${part(6)} ${part(1)})`;
}

function colourOf(name: string | null, truecolor: string | null): string | undefined {
  if (!name) return undefined;
  if (name === 'ansi-truecolor') return truecolor ? `rgb(${truecolor})` : undefined;
  const palette = /^ansi-palette-(\d+)$/.exec(name);
  return palette ? paletteColour(Number(palette[1])) : `var(--${name.replace('bright-', '')})`;
}

function styleOf(part: AnserJsonEntry): CSSProperties {
  const has = (decoration: string) => part.decorations.some((each) => each === decoration);
  return {
    color: colourOf(part.fg, part.fg_truecolor),
    background: colourOf(part.bg, part.bg_truecolor),
    fontWeight: has('bold') ? 600 : undefined,
    opacity: has('dim') ? 0.7 : undefined,
    fontStyle: has('italic') ? 'italic' : undefined,
    textDecoration: has('underline') ? 'underline' : has('strikethrough') ? 'line-through' : undefined,
  };
}

export interface AnsiTextProps {
  text: string;
  /** In small letters; empty when nothing is searched. */
  query?: string;
  /** It is the hit that the search stands on. */
  current?: boolean;
}

/** A line in its colours. Made of elements, never of markup: a hostile line stays text. */
export function AnsiText({ text, query = '', current = false }: AnsiTextProps) {
  if (!isColoured(text)) return <Marked text={text} hits={hitsIn(text, query)} current={current} />;
  const parts = Anser.ansiToJson(withColoursOnly(text), { json: true, remove_empty: true, use_classes: true });
  const hits = hitsIn(parts.map(({ content }) => content).join(''), query);
  let from = 0;
  return parts.map((part, index) => {
    const begin = from;
    from += part.content.length;
    return (
      <span key={index} style={styleOf(part)}>
        <Marked text={part.content} from={begin} hits={hits} current={current} />
      </span>
    );
  });
}

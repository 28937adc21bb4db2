import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Terminal } from '@xterm/xterm';
import { terminalTheme } from './terminal-theme.ts';

/** Lines kept above what is seen. */
const SCROLLBACK = 10_000;

export interface ScreenEvents {
  onBytes: (bytes: Uint8Array) => void;
  onSize: (size: { columns: number; rows: number }) => void;
  /** A chord that is ours and not the shell's. */
  onChord: (chord: 'search' | 'copied' | 'close') => void;
}

/** The picture of one terminal. It lives outside React, so that it keeps its content while another page is shown. */
export interface Screen {
  readonly size: { columns: number; rows: number };
  /** Resolves when the bytes were taken in. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** Without a terminal behind it a line feed alone ends a line. */
  useLineFeeds(): void;
  /** Shows it in `box` and follows the size of it; the returned function takes it out again. */
  show(box: HTMLElement): () => void;
  focus(): void;
  /** Next match, or with `back` the one before; none is marked when the words are empty. */
  find(words: string, back: boolean): boolean;
  close(): void;
}

function chordOf(event: KeyboardEvent): string | undefined {
  return event.type === 'keydown' && event.ctrlKey && event.shiftKey ? event.code : undefined;
}

/** Only Ctrl Shift chords are ours; everything else, Escape and Ctrl C too, belongs to what runs. */
function takeChords(terminal: Terminal, onChord: ScreenEvents['onChord']): void {
  terminal.attachCustomKeyEventHandler((event) => {
    const chord = chordOf(event);
    if (chord === 'KeyC') {
      event.preventDefault();
      if (terminal.hasSelection())
        void navigator.clipboard.writeText(terminal.getSelection()).then(() => onChord('copied'));
      return false;
    }
    if (chord === 'KeyW') {
      event.preventDefault();
      onChord('close');
      return false;
    }
    if (chord === 'KeyF') {
      event.preventDefault();
      onChord('search');
      return false;
    }
    // the browser's own paste comes as an event, which the terminal takes
    return chord !== 'KeyV';
  });
}

/** Follows the theme: the tokens change with an attribute of the root. */
function followTheme(terminal: Terminal): () => void {
  const observer = new MutationObserver(() => {
    terminal.options.theme = terminalTheme();
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => observer.disconnect();
}

export function createScreen(events: ScreenEvents): Screen {
  const terminal = new Terminal({
    allowProposedApi: true,
    cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--font-mono').trim() || 'monospace',
    fontSize: 12,
    // times the font's own height of 16: rows of 18
    lineHeight: 1.125,
    scrollback: SCROLLBACK,
    // as wide as the page's own bars
    overviewRuler: { width: 8 },
    screenReaderMode: true,
    theme: terminalTheme(),
  });
  const fit = new FitAddon();
  const search = new SearchAddon();
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  takeChords(terminal, events.onChord);
  const encoder = new TextEncoder();
  terminal.onData((text) => events.onBytes(encoder.encode(text)));
  terminal.onBinary((text) => events.onBytes(Uint8Array.from(text, (char) => char.charCodeAt(0))));
  terminal.onResize(({ cols, rows }) => events.onSize({ columns: cols, rows }));
  const element = document.createElement('div');
  element.className = 'h-full w-full';
  const unfollow = followTheme(terminal);
  return {
    get size() {
      return { columns: terminal.cols, rows: terminal.rows };
    },
    write: (bytes) => new Promise((resolve) => terminal.write(bytes, resolve)),
    useLineFeeds: () => {
      terminal.options.convertEol = true;
    },
    show(box) {
      box.append(element);
      if (!terminal.element) terminal.open(element);
      const fitNow = () => {
        if (box.clientWidth > 0 && box.clientHeight > 0) fit.fit();
      };
      fitNow();
      const observer = new ResizeObserver(fitNow);
      observer.observe(box);
      return () => {
        observer.disconnect();
        element.remove();
      };
    },
    focus: () => terminal.focus(),
    find(words, back) {
      if (words === '') {
        search.clearDecorations();
        terminal.clearSelection();
        return false;
      }
      return back ? search.findPrevious(words) : search.findNext(words);
    },
    close() {
      unfollow();
      terminal.dispose();
      element.remove();
    },
  };
}

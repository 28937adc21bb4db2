import { create } from 'zustand';
import type { Failure } from '../../../electron/bridge/failure.ts';
import type { TerminalItem } from '../../../electron/bridge/terminals.ts';
import { call, openUpload, type Upload } from '../../host/bridge-client.ts';
import type { Screen } from './screen.ts';

/** What a terminal is of; `place` is the id of a container, or `host`. */
export type Target =
  | { readonly kind: 'shell'; readonly place: string; readonly shell: string; readonly user?: string }
  | { readonly kind: 'attach'; readonly place: string }
  | { readonly kind: 'host'; readonly place: 'host' };

export type TerminalPhase =
  | { readonly name: 'opening' }
  | { readonly name: 'open'; readonly writable: boolean }
  | { readonly name: 'exited'; readonly code?: number }
  | { readonly name: 'failed'; readonly failure: Failure };

export interface TerminalTab {
  readonly key: string;
  readonly target: Target;
  readonly phase: TerminalPhase;
  readonly size: { readonly columns: number; readonly rows: number };
  readonly screen: Screen;
  /** Counts up when the search is asked for from within the terminal. */
  readonly searches: number;
}

interface Terminals {
  readonly tabs: readonly TerminalTab[];
  /** The tab in front, by place. */
  readonly front: Readonly<Record<string, string>>;
}

/** All terminals of this window. They go on while another page is shown, and end with the window. */
export const useTerminals = create<Terminals>()(() => ({ tabs: [], front: {} }));

/** How many there are of a container. */
export const useTerminalCount = (place: string) =>
  useTerminals(({ tabs }) => tabs.filter(({ target }) => target.place === place).length);

const connections = new Map<string, Upload>();
let last = 0;

function change(key: string, part: Partial<TerminalTab> | ((tab: TerminalTab) => Partial<TerminalTab>)): void {
  useTerminals.setState(({ tabs }) => ({
    tabs: tabs.map((tab) => (tab.key === key ? { ...tab, ...(typeof part === 'function' ? part(tab) : part) } : tab)),
  }));
}

export function bringToFront(place: string, key: string): void {
  useTerminals.setState(({ front }) => ({ front: { ...front, [place]: key } }));
}

/** All is handed to the screen at once, which keeps the order: the next batch may come before this one is drawn. */
async function take(key: string, screen: Screen, items: readonly TerminalItem[]): Promise<void> {
  const drawn = items.flatMap((item) => (item.type === 'bytes' ? [screen.write(item.bytes)] : []));
  for (const item of items) {
    if (item.type === 'bytes') continue;
    if (item.type === 'open') {
      if (!item.tty) screen.useLineFeeds();
      change(key, { phase: { name: 'open', writable: item.writable } });
      // it may have been shown at another size meanwhile
      void call('terminals.resize', { terminal: key, ...screen.size });
    } else change(key, { phase: { name: 'exited', ...(item.code === undefined ? {} : { code: item.code }) } });
  }
  await Promise.all(drawn);
}

function connect(key: string, target: Target, screen: Screen): void {
  const base = { terminal: key, ...screen.size };
  const events = {
    onItems: (items: readonly TerminalItem[]) => take(key, screen, items),
    onEnd: (failure?: Failure) => {
      connections.delete(key);
      if (failure) change(key, { phase: { name: 'failed', failure } });
    },
  };
  const open = () => {
    switch (target.kind) {
      case 'shell': {
        const user = target.user === undefined ? {} : { user: target.user };
        return openUpload('terminals.shell', { ...base, id: target.place, command: [target.shell], ...user }, events);
      }
      case 'attach':
        return openUpload('terminals.attach', { ...base, id: target.place }, events);
      case 'host':
        return openUpload('terminals.host', base, events);
    }
  };
  connections.set(key, open());
}

/** Opens a terminal and brings it to the front. The part that draws is loaded at the first one. */
export async function openTerminal(target: Target, copied: () => void): Promise<void> {
  const { createScreen } = await import('./screen.ts');
  last += 1;
  const key = `t-${last}`;
  const screen = createScreen({
    onBytes: (bytes) => void connections.get(key)?.send(bytes),
    onSize: (size) => {
      change(key, { size });
      if (connections.has(key)) void call('terminals.resize', { terminal: key, ...size });
    },
    onChord: (chord) => {
      if (chord === 'copied') copied();
      else if (chord === 'close') closeTerminal(key);
      else change(key, ({ searches }) => ({ searches: searches + 1 }));
    },
  });
  const tab: TerminalTab = { key, target, phase: { name: 'opening' }, size: screen.size, screen, searches: 0 };
  useTerminals.setState(({ tabs, front }) => ({ tabs: [...tabs, tab], front: { ...front, [target.place]: key } }));
  connect(key, target, screen);
}

/** The same once more, below what is there already. */
export function openAgain(tab: TerminalTab): void {
  change(tab.key, { phase: { name: 'opening' } });
  connect(tab.key, tab.target, tab.screen);
}

export function closeTerminal(key: string): void {
  connections.get(key)?.cancel();
  connections.delete(key);
  const { tabs, front } = useTerminals.getState();
  const at = tabs.findIndex((tab) => tab.key === key);
  const tab = tabs[at];
  if (!tab) return;
  const rest = tabs.filter((other) => other.key !== key);
  const { place } = tab.target;
  const siblings = rest.filter((other) => other.target.place === place);
  const next = tabs.slice(at + 1).find((other) => other.target.place === place) ?? siblings.at(-1);
  useTerminals.setState({ tabs: rest, front: { ...front, [place]: next?.key ?? '' } });
  tab.screen.close();
}

import { create } from 'zustand';
import type { AppEvent, AppInfo, Settings } from '../../electron/bridge/app.ts';
import { call, openStream } from './bridge-client.ts';

/** What the app itself tells: its versions, settings, window, and the question before it quits. */
export interface AppState {
  info: AppInfo | undefined;
  settings: Settings | undefined;
  maximized: boolean;
  fullscreen: boolean;
  focused: boolean;
  systemDark: boolean;
  /** How many containers run, while the user is asked what becomes of them. */
  quitAsks: number | undefined;
  /** How many containers are being stopped before the app ends. */
  stopping: number | undefined;
}

export const useApp = create<AppState>()(() => ({
  info: undefined,
  settings: undefined,
  maximized: false,
  fullscreen: false,
  focused: true,
  systemDark: window.matchMedia('(prefers-color-scheme: dark)').matches,
  quitAsks: undefined,
  stopping: undefined,
}));

function after(event: AppEvent): Partial<AppState> {
  switch (event.type) {
    case 'window':
      return { maximized: event.maximized, fullscreen: event.fullscreen, focused: event.focused };
    case 'theme':
      return { systemDark: event.systemDark };
    case 'settings':
      return { settings: event.settings };
    case 'quit-question':
      return { quitAsks: event.running };
    case 'quit-started':
      return { quitAsks: undefined, stopping: event.stopping > 0 ? event.stopping : undefined };
  }
}

/** Feeds the store, for as long as the page is there. */
export function watchApp(): void {
  void call('app.info', undefined).then((outcome) => outcome.ok && useApp.setState({ info: outcome.value }));
  openStream('app.events', undefined, {
    onItems: (items) => {
      for (const event of items) useApp.setState(after(event));
    },
    onEnd: () => {},
  });
}

/** Changes settings; the answer comes back as an event as well, which is what the page shows. */
export async function changeSettings(change: Partial<Settings>): Promise<void> {
  const outcome = await call('settings.set', change);
  if (outcome.ok) useApp.setState({ settings: outcome.value });
}

export async function answerQuit(answer: 'keep' | 'stop' | 'cancel', remember: boolean): Promise<void> {
  useApp.setState({ quitAsks: undefined });
  await call('quit.answer', { answer, remember });
}

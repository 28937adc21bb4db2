import type { BrowserWindow } from 'electron';
import type { AppEvents } from '../app-events.ts';
import type { AppInfo, appMethods } from '../bridge/app.ts';
import type { Handlers } from '../bridge/handlers.ts';
import type { Quitting } from '../quitting.ts';
import type { SettingsFile } from '../settings/settings-file.ts';

export interface AppSources {
  readonly info: AppInfo;
  readonly events: AppEvents;
  readonly settings: SettingsFile;
  readonly quitting: Quitting;
  readonly window: () => BrowserWindow | undefined;
}

/** What the renderer may do with the app itself. */
export function appHandlers(sources: AppSources): Pick<Handlers, keyof typeof appMethods> {
  const { info, events, settings, quitting, window } = sources;
  return {
    'app.info': () => info,
    'app.quit': () => quitting.request(),
    'app.events': (_, signal) => events.watch(signal),
    'settings.get': () => settings.current,
    'settings.set': (news) =>
      settings.change({
        ...(news.language === undefined ? {} : { language: news.language }),
        ...(news.theme === undefined ? {} : { theme: news.theme }),
        ...(news.onQuit === undefined ? {} : { onQuit: news.onQuit }),
      }),
    'window.minimize': () => window()?.minimize(),
    'window.toggleMaximize': () => {
      const own = window();
      if (own?.isMaximized()) own.unmaximize();
      else own?.maximize();
    },
    'window.close': () => window()?.close(),
    'quit.answer': ({ answer, remember }) => quitting.answer(answer, remember),
  };
}

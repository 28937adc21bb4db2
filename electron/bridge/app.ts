import * as z from 'zod';
import { call, stream } from './shapes.ts';

const languageSchema = z.enum(['system', 'en', 'zh-CN']);
const themeSchema = z.enum(['system', 'light', 'dark']);
/** What happens to running containers when the user quits; closing the window keeps them. */
const onQuitSchema = z.enum(['ask', 'keep', 'stop']);

/** What a settings file holds; a value that is missing or unknown is the default. */
export const settingsSchema = z.object({
  language: languageSchema.catch('system'),
  theme: themeSchema.catch('system'),
  onQuit: onQuitSchema.catch('ask'),
});

export type Settings = z.output<typeof settingsSchema>;

export interface AppInfo {
  readonly version: string;
  readonly electron: string;
  readonly chrome: string;
  readonly node: string;
  readonly platform: 'linux' | 'darwin' | 'win32';
  /** The first of the system's preferred languages, e.g. `zh-CN`, `en-US`. */
  readonly systemLanguage: string;
  /** Started as root, so that Chromium's sandbox is off. */
  readonly rootWithoutSandbox: boolean;
  /** Runs on an Electron that is out of support: for development only. */
  readonly developmentRuntime: boolean;
}

/** `app.events` begins with one `window`, one `theme` and one `settings` event that tell how things are now. */
export type AppEvent =
  | { readonly type: 'window'; readonly maximized: boolean; readonly fullscreen: boolean; readonly focused: boolean }
  | { readonly type: 'theme'; readonly systemDark: boolean }
  | { readonly type: 'settings'; readonly settings: Settings }
  /** The user quits while containers run: answer by `quit.answer`. */
  | { readonly type: 'quit-question'; readonly running: number }
  /** The question is void: answered, or the app is quitting and stops this many containers. */
  | { readonly type: 'quit-started'; readonly stopping: number };

const nothing = z.undefined();

export const appMethods = {
  'app.info': call(nothing).gives<AppInfo>(),
  /** What becomes of running containers is asked, or as the settings say. */
  'app.quit': call(nothing).gives<void>(),
  'app.events': stream(nothing).of<AppEvent>(),
  'settings.get': call(nothing).gives<Settings>(),
  'settings.set': call(
    z.strictObject({
      language: languageSchema.optional(),
      theme: themeSchema.optional(),
      onQuit: onQuitSchema.optional(),
    }),
  ).gives<Settings>(),
  'window.minimize': call(nothing).gives<void>(),
  'window.toggleMaximize': call(nothing).gives<void>(),
  /** As the window's close button: the app ends, containers and engine go on. */
  'window.close': call(nothing).gives<void>(),
  'quit.answer': call(
    z.strictObject({ answer: z.enum(['keep', 'stop', 'cancel']), remember: z.boolean() }),
  ).gives<void>(),
} as const;

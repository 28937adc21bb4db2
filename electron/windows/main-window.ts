import path from 'node:path';
import { BrowserWindow, screen } from 'electron';
import { readJsonFile, writeJsonFile } from '../settings/json-file.ts';
import { origin } from './app-protocol.ts';
import { placeWindow, smallest, windowStateSchema } from './window-state.ts';

export interface MainWindowParts {
  readonly preload: string;
  /** A PNG for the task bar, where the system does not take it from the program's own file. */
  readonly icon: string;
  readonly stateFile: string;
  readonly dark: boolean;
  /** Shown in the task bar. */
  readonly title: string;
  /** Focus, size or full screen changed. */
  readonly changed: () => void;
  /** The user closes it; it stays open unless this says that it may close. */
  readonly mayClose: () => boolean;
  /** The page's process ended, or does not answer. */
  readonly crashed: () => void;
}

function saveState(window: BrowserWindow, file: string): void {
  try {
    writeJsonFile(file, { bounds: window.getNormalBounds(), maximized: window.isMaximized() });
  } catch (error) {
    console.error(`The window's place could not be kept: ${error instanceof Error ? error.message : error}`);
  }
}

/** Opens the window. It has no frame: its buttons are drawn by the page, on macOS by the system. */
export function openMainWindow(parts: MainWindowParts): BrowserWindow {
  const { preload, icon, stateFile, dark, title, changed, mayClose, crashed } = parts;
  const saved = readJsonFile(stateFile, windowStateSchema);
  const areas = screen.getAllDisplays().map((display) => display.workArea);
  const window = new BrowserWindow({
    ...placeWindow(saved.bounds, areas),
    minWidth: smallest.width,
    minHeight: smallest.height,
    title,
    icon,
    show: false,
    backgroundColor: dark ? '#0f1216' : '#f6f7f9',
    ...(process.platform === 'darwin' ? { titleBarStyle: 'hiddenInset' as const } : { frame: false }),
    webPreferences: {
      preload: path.resolve(preload),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  window.setMenuBarVisibility(false);
  if (saved.maximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  for (const event of ['maximize', 'unmaximize', 'enter-full-screen', 'leave-full-screen', 'focus', 'blur'] as const) {
    window.on(event as 'focus', changed);
  }
  window.on('close', (event) => {
    saveState(window, stateFile);
    if (!mayClose()) event.preventDefault();
  });
  window.webContents.on('render-process-gone', crashed);
  window.loadURL(`${origin}/index.html`).catch((error: Error) => {
    console.error(`The page could not be loaded: ${error.message}`);
    window.show();
  });
  return window;
}

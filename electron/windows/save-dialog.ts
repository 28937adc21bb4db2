import { type BrowserWindow, dialog } from 'electron';

/** Asks where to save a file of this name; undefined when it was left. */
export async function chooseNewFile(window: BrowserWindow | undefined, name: string): Promise<string | undefined> {
  const options = { defaultPath: name, properties: ['createDirectory' as const, 'showOverwriteConfirmation' as const] };
  const { filePath, canceled } = window
    ? await dialog.showSaveDialog(window, options)
    : await dialog.showSaveDialog(options);
  return canceled || !filePath ? undefined : filePath;
}

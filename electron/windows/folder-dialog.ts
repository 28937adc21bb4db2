import { type BrowserWindow, dialog } from 'electron';

/** Asks for a folder of this computer; undefined when none was chosen. */
export async function chooseFolder(window: BrowserWindow | undefined): Promise<string | undefined> {
  const options = { properties: ['openDirectory' as const, 'createDirectory' as const] };
  const { filePaths } = window ? await dialog.showOpenDialog(window, options) : await dialog.showOpenDialog(options);
  return filePaths[0];
}

import { type BrowserWindow, dialog } from 'electron';
import type { ChosenFile } from '../bridge/registries.ts';
import { readChosen } from '../registries/chosen-file.ts';

/** Asks for a text file of this computer; empty when none was chosen. */
export async function chooseTextFile(
  window: BrowserWindow | undefined,
  what: 'certificates' | 'configuration',
): Promise<ChosenFile> {
  const filters =
    what === 'certificates'
      ? [{ name: 'PEM', extensions: ['pem', 'crt', 'cer'] }]
      : [{ name: 'daemon.json, hosts.toml, registries.conf', extensions: ['json', 'toml', 'conf'] }];
  const options = { properties: ['openFile' as const], filters: [...filters, { name: '*', extensions: ['*'] }] };
  const { filePaths } = window ? await dialog.showOpenDialog(window, options) : await dialog.showOpenDialog(options);
  const [file] = filePaths;
  return file === undefined ? {} : readChosen(file, what);
}

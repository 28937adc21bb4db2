// Makes sure that there is an Electron and prints the path of its executable.
import { ensureElectron } from './steps/electron-runtime.mjs';
import { main } from './steps/run.mjs';

await main(async () => {
  const { executable, notice } = await ensureElectron();
  if (notice) console.error(notice);
  console.log(executable);
});

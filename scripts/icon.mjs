// node scripts/icon.mjs: paints assets/icon/NxN.png from beluga.svg, with our Electron. To be run when the drawing changes.
import path from 'node:path';
import { startDisplay } from './steps/display.mjs';
import { ensureElectron } from './steps/electron-runtime.mjs';
import { repo } from './steps/paths.mjs';
import { main, runInForeground } from './steps/run.mjs';

const sizes = [16, 32, 48, 64, 128, 256, 512];

await main(async () => {
  const { executable } = await ensureElectron();
  const display = await startDisplay();
  try {
    const svg = path.join(repo, 'assets/icon/beluga.svg');
    const args = [...(process.getuid() === 0 ? ['--no-sandbox'] : []), '--disable-gpu'];
    return await runInForeground(executable, [...args, path.join(repo, 'scripts/icon-painter')], {
      env: { ...process.env, ...display.env, BELUGA_ICON: [svg, ...sizes].join(' ') },
    });
  } finally {
    await display.close();
  }
});

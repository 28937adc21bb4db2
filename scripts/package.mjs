// npm run package: the application as it is handed out. See the usage.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeDeb } from './steps/deb.mjs';
import { node24, repo } from './steps/paths.mjs';
import { main, runInForeground, StepError } from './steps/run.mjs';
import { setUpEngine } from './steps/set-up.mjs';
import { makeUnpackedApp } from './steps/unpacked-app.mjs';

const usage = `npm run package [-- OPTIONS]   release/linux-unpacked/beluga
  --deb           also release/beluga_VERSION_amd64.deb
  --development   with whichever Electron is here, for this machine only`;

function optionsOf(args) {
  try {
    return parseArgs({ args, options: { deb: { type: 'boolean' }, development: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new StepError(`${error.message}\n${usage}`, 2);
  }
}

await main(async (args) => {
  const { deb = false, development = false } = optionsOf(args);
  await setUpEngine();
  if (Number(process.versions.node.split('.')[0]) < 24) return runInForeground(node24, [process.argv[1], ...args]);
  const app = await makeUnpackedApp({ development });
  console.log(path.relative(repo, path.join(app, 'beluga')));
  if (deb) console.log(path.relative(repo, makeDeb({ app, development })));
  return 0;
});

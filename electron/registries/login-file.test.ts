import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { keychainOf, type SafeStorageCalls } from './keychain.ts';
import { openLoginFile } from './login-file.ts';

type Backend = 'basic_text' | 'gnome_libsecret' | 'kwallet' | 'kwallet5' | 'kwallet6' | 'unknown';

/** As Electron's, which needs a desktop: `key` is the keychain's. */
function storageOf({ backend, key = 7 }: { backend?: Backend; key?: number }): SafeStorageCalls & { asked: number } {
  let plain = false;
  const turned = (bytes: Uint8Array) => Buffer.from(bytes.map((byte) => byte ^ key));
  const usable = () => plain || (backend !== 'basic_text' && backend !== 'unknown');
  const storage = {
    asked: 0,
    isEncryptionAvailable: () => {
      storage.asked++;
      return usable();
    },
    encryptString: (text: string) => {
      if (!usable()) throw new Error('Encryption is not available.');
      return Buffer.concat([Buffer.from('v11'), turned(Buffer.from(text))]);
    },
    decryptString: (bytes: Buffer) => {
      if (!usable()) throw new Error('Encryption is not available.');
      return turned(bytes.subarray(3)).toString();
    },
    ...(backend && {
      getSelectedStorageBackend: () => {
        storage.asked++;
        return backend;
      },
      setUsePlainTextEncryption: (on: boolean) => {
        plain = on;
      },
    }),
  };
  return storage;
}

function place(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-logins-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return path.join(folder, 'logins.json');
}

const login = { username: 'robot$team+ci', password: 's3cret-word' };

test('how well logins are kept is what the system offers', () => {
  const protection = (backend: Backend, platform: NodeJS.Platform = 'linux') =>
    keychainOf(storageOf({ backend }), platform).protection;
  assert.equal(protection('gnome_libsecret'), 'keychain');
  assert.equal(protection('kwallet6'), 'keychain');
  assert.equal(protection('basic_text'), 'weak');
  assert.equal(protection('unknown'), 'weak');
  assert.equal(keychainOf(storageOf({}), 'darwin').protection, 'keychain');
  const nothing = { ...storageOf({}), isEncryptionAvailable: () => false };
  assert.equal(keychainOf(nothing, 'darwin').protection, 'none');
  // an Electron that cannot say which backend it is, nor use the weak one
  assert.equal(keychainOf(nothing, 'linux').protection, 'none');
});

test('with a keychain a login is kept, encrypted, readable by its owner only', (t) => {
  const file = place(t);
  const storage = storageOf({ backend: 'gnome_libsecret' });
  const logins = openLoginFile(file, keychainOf(storage, 'linux'));
  assert.equal(storage.asked, 0, 'the keychain is not bothered before it is needed');
  assert.equal(logins.keeping, 'keychain');
  logins.put('registry.example:5000', login);
  logins.put('docker.io', { username: 'hub', password: '', identityToken: 'refresh-token' });
  const written = readFileSync(file, 'utf8');
  for (const secret of ['s3cret-word', 'refresh-token', 'robot$team']) assert.ok(!written.includes(secret), secret);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const again = openLoginFile(file, keychainOf(storage, 'linux'));
  assert.deepEqual(again.all().get('registry.example:5000'), login);
  assert.deepEqual(again.all().get('docker.io'), { username: 'hub', password: '', identityToken: 'refresh-token' });
  again.remove('docker.io');
  assert.deepEqual([...openLoginFile(file, keychainOf(storage, 'linux')).all().keys()], ['registry.example:5000']);
});

test('without a keychain a login lasts for the session, unless the user agrees', (t) => {
  const file = place(t);
  const keychain = () => keychainOf(storageOf({ backend: 'basic_text' }), 'linux');
  const logins = openLoginFile(file, keychain());
  assert.deepEqual([logins.keeping, logins.weakPossible], ['session', true]);
  logins.put('docker.io', login);
  assert.throws(() => statSync(file), 'nothing is written');
  assert.deepEqual(openLoginFile(file, keychain()).all().size, 0);
  logins.agreeToWeak(true);
  assert.equal(logins.keeping, 'weak');
  const again = openLoginFile(file, keychain());
  assert.deepEqual([again.keeping, again.all().get('docker.io')], ['weak', login]);
  again.agreeToWeak(false);
  assert.deepEqual(again.all().get('docker.io'), login, 'until the app ends');
  assert.ok(!readFileSync(file, 'utf8').includes('docker.io'), 'what was written is gone');
  assert.equal(openLoginFile(file, keychain()).all().size, 0);
});

test('where nothing can be kept, nothing is written and nothing can be agreed to', (t) => {
  const file = place(t);
  const logins = openLoginFile(file, keychainOf({ ...storageOf({}), isEncryptionAvailable: () => false }, 'linux'));
  assert.deepEqual([logins.keeping, logins.weakPossible], ['session', false]);
  logins.agreeToWeak(true);
  logins.put('docker.io', login);
  assert.throws(() => statSync(file));
  assert.deepEqual(logins.all().get('docker.io'), login);
});

test('a login of another keychain is told, and stays until it is replaced or removed', (t) => {
  const file = place(t);
  openLoginFile(file, keychainOf(storageOf({ backend: 'kwallet5' }), 'linux')).put('docker.io', login);
  const other = () => openLoginFile(file, keychainOf(storageOf({ backend: 'kwallet5', key: 9 }), 'linux'));
  const locked = other();
  assert.deepEqual([locked.all().size, locked.unreadable()], [0, ['docker.io']]);
  locked.put('ghcr.io', login);
  assert.deepEqual(other().unreadable(), ['docker.io']);
  assert.deepEqual(
    openLoginFile(file, keychainOf(storageOf({ backend: 'kwallet5' }), 'linux'))
      .all()
      .get('docker.io'),
    login,
  );
  locked.remove('docker.io');
  assert.deepEqual(other().unreadable(), []);
  writeFileSync(file, '{"logins": 3');
  assert.equal(other().all().size, 0);
});

import type { SafeStorage } from 'electron';

/**
 * How well the system keeps what is handed to it. `keychain`: encrypted with a key that the system guards. `weak`: there is
 * no such key (Chromium's `basic_text`), and what is written can be read by whoever reads the file. `none`: not at all.
 */
export type Protection = 'keychain' | 'weak' | 'none';

/** Encrypts small secrets by Electron's safeStorage. */
export interface Keychain {
  readonly protection: Protection;
  /** Lets `weak` be used, which fails otherwise. */
  allowWeak(): void;
  /** In base64. @throws when `protection` does not allow it. */
  encrypt(secret: string): string;
  /** @throws when it was encrypted with another key, or is damaged. */
  decrypt(encrypted: string): string;
}

/** The calls that are used; older versions of Electron have neither the second nor the third. */
export type SafeStorageCalls = Pick<SafeStorage, 'isEncryptionAvailable' | 'encryptString' | 'decryptString'> &
  Partial<Pick<SafeStorage, 'getSelectedStorageBackend' | 'setUsePlainTextEncryption'>>;

function protectionOf(storage: SafeStorageCalls, platform: NodeJS.Platform): Protection {
  const weakly: Protection = storage.setUsePlainTextEncryption ? 'weak' : 'none';
  // elsewhere than on Linux there is one backend, and no call to ask for it
  const backend = platform === 'linux' ? storage.getSelectedStorageBackend?.() : undefined;
  if (backend === 'basic_text' || backend === 'unknown') return weakly;
  if (storage.isEncryptionAvailable()) return 'keychain';
  return platform === 'linux' ? weakly : 'none';
}

/**
 * To be used when the app is ready: before, Chromium has chosen no backend. Nothing is asked of the system before it is
 * needed, for it may ask the user.
 */
export function keychainOf(storage: SafeStorageCalls, platform: NodeJS.Platform): Keychain {
  let protection: Protection | undefined;
  const found = () => {
    protection ??= protectionOf(storage, platform);
    return protection;
  };
  return {
    get protection() {
      return found();
    },
    allowWeak() {
      if (found() === 'weak') storage.setUsePlainTextEncryption?.(true);
    },
    encrypt: (secret) => storage.encryptString(secret).toString('base64'),
    decrypt: (encrypted) => storage.decryptString(Buffer.from(encrypted, 'base64')),
  };
}

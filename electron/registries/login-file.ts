import * as z from 'zod';
import type { HostLogin } from '../../engine/compose/docker-host.ts';
import { readJsonFile, writeJsonFile } from '../settings/json-file.ts';
import type { Keychain } from './keychain.ts';

/** Where logins stay: in the system's keychain's care, in a file that is hardly protected, or until the app ends. */
export type Keeping = 'keychain' | 'weak' | 'session';

/** The logins that were given to the app, by registry. */
export interface LoginFile {
  readonly keeping: Keeping;
  /** `weak` can be agreed to. */
  readonly weakPossible: boolean;
  all(): ReadonlyMap<string, HostLogin>;
  /** Registries whose login is in the file and cannot be read: the keychain is locked, or another one. */
  unreadable(): readonly string[];
  put(host: string, login: HostLogin): void;
  remove(host: string): void;
  /** Whether logins may be written where only `weak` protection is. */
  agreeToWeak(agreed: boolean): void;
}

const fileSchema = z.object({
  weakAgreed: z.boolean().catch(false).default(false),
  /** Encrypted one by one: username, password, token. */
  logins: z.record(z.string(), z.string()).catch({}).default({}),
});
const loginSchema = z.object({ username: z.string(), password: z.string(), identityToken: z.string().optional() });

/** Reads one login; undefined when it cannot be read now. */
function decrypted(keychain: Keychain, encrypted: string): HostLogin | undefined {
  try {
    const { identityToken, ...login } = loginSchema.parse(JSON.parse(keychain.decrypt(encrypted)));
    return identityToken === undefined ? login : { ...login, identityToken };
  } catch {
    return undefined;
  }
}

/** Opens it; nothing in clear is ever written to `file`. */
export function openLoginFile(file: string, keychain: Keychain): LoginFile {
  const read = readJsonFile(file, fileSchema);
  let weakAgreed = read.weakAgreed;
  if (weakAgreed) keychain.allowWeak();
  const keeping = (): Keeping => {
    if (keychain.protection === 'keychain') return 'keychain';
    return keychain.protection === 'weak' && weakAgreed ? 'weak' : 'session';
  };
  const logins = new Map<string, HostLogin>();
  /** Stays in the file until it is replaced or removed: the keychain may be unlocked next time. */
  const locked = new Map<string, string>();
  for (const [host, encrypted] of Object.entries(read.logins)) {
    const login = keeping() === 'session' ? undefined : decrypted(keychain, encrypted);
    if (login) logins.set(host, login);
    else locked.set(host, encrypted);
  }
  const write = () => {
    const kept = keeping() === 'session' ? [] : [...logins];
    const encrypted = kept.map(([host, login]) => [host, keychain.encrypt(JSON.stringify(login))] as const);
    writeJsonFile(file, { weakAgreed, logins: { ...Object.fromEntries(locked), ...Object.fromEntries(encrypted) } });
  };
  return {
    get keeping() {
      return keeping();
    },
    get weakPossible() {
      return keychain.protection === 'weak';
    },
    all: () => logins,
    unreadable: () => [...locked.keys()],
    put(host, login) {
      logins.set(host, login);
      const wasLocked = locked.delete(host);
      if (wasLocked || keeping() !== 'session') write();
    },
    remove(host) {
      const wasLocked = locked.delete(host);
      if (logins.delete(host) || wasLocked) write();
    },
    agreeToWeak(agreed) {
      if (keychain.protection !== 'weak' || agreed === weakAgreed) return;
      weakAgreed = agreed;
      if (agreed) keychain.allowWeak();
      write();
    },
  };
}

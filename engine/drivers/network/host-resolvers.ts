/** The host's name servers, as containers can use them. */
import { existsSync, type FSWatcher, readFileSync, realpathSync, watch } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseIpv4 } from './ip-address.ts';

/**
 * Where the host's servers are told, the first that names one a container can reach. systemd-resolved and NetworkManager
 * put a server of their own on loopback into /etc/resolv.conf and the real ones beside.
 */
const files = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf', '/run/NetworkManager/no-stub-resolv.conf'];

const read = (file: string) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** The values of `nameserver` lines, resolv.conf(5). */
export function nameserversIn(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [keyword, value] = line.trim().split(/\s+/);
    return keyword === 'nameserver' && value ? [value] : [];
  });
}

/** Whether a container on the bridge gets through to it: not the host's loopback, and IPv4. */
export const isReachable = (server: string) => parseIpv4(server) !== undefined && !server.startsWith('127.');

/** Text of the file that containers shall follow; /etc/resolv.conf where none names a server they can reach. */
export function readResolvConf(read: (file: string) => string): string {
  const texts = files.map(read);
  return texts.find((text) => nameserversIn(text).some(isReachable)) ?? texts[0] ?? '';
}

export const hostResolvConf = () => readResolvConf(read);

/** As it is, for who shares the host's network. */
export const ownResolvConf = () => read('/etc/resolv.conf');

/** Addresses of the servers, as numbers. */
export const hostResolvers = () =>
  files.flatMap((file) => nameserversIn(read(file)).flatMap((server) => parseIpv4(server) ?? []));

/**
 * Names that matter, by directory: of the files themselves, and of what they are symlinks to. Where a directory is not
 * there yet (a program that starts later makes it), its own name in the next one above that is.
 */
function watchedNames(watched: readonly string[]): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const file of watched.flatMap((each) => [each, ...targetOf(each)])) {
    let [directory, name] = [path.dirname(file), path.basename(file)];
    while (!existsSync(directory)) [directory, name] = [path.dirname(directory), path.basename(directory)];
    names.set(directory, (names.get(directory) ?? new Set()).add(name));
  }
  return names;
}

function targetOf(file: string): string[] {
  try {
    return [realpathSync(file)];
  } catch {
    // not there, or it leads nowhere
    return [];
  }
}

/**
 * Tells when one of the files may have changed, by inotify on their directories: they are replaced, not written. Where
 * one is a symlink its target is watched too, whichever it is just now. @returns what ends it
 */
export function watchResolvConf(changed: () => void, watched: readonly string[] = files): { close(): void } {
  const watchers = new Map<string, FSWatcher>();
  let names = new Map<string, Set<string>>();
  const unwatch = (directory: string) => {
    watchers.get(directory)?.close();
    watchers.delete(directory);
  };
  const watchAll = () => {
    for (const directory of watchers.keys()) if (!names.has(directory)) unwatch(directory);
    for (const directory of names.keys()) {
      if (watchers.has(directory)) continue;
      try {
        const watcher = watch(directory, { persistent: false }, (_, name) => {
          // one that is deleted says its own name, and nothing any more
          const deleted = !existsSync(directory);
          if (deleted) unwatch(directory);
          if (!deleted && name !== null && !names.get(directory)?.has(name)) return;
          arm();
          changed();
        });
        watcher.on('error', () => unwatch(directory));
        watchers.set(directory, watcher);
      } catch {
        // deleted at this moment: the directory above it tells
      }
    }
  };
  /** What comes to be between the look and the watch of what is above it tells nothing: until two looks are alike. */
  const arm = () => {
    for (let before: typeof names | undefined; !isDeepStrictEqual(before, names); ) {
      before = names;
      names = watchedNames(watched);
      watchAll();
    }
  };
  arm();
  return {
    close() {
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

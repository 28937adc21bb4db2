import { EngineError } from '../../../base/errors.ts';
import { isMountFlag } from '../../../drivers/mounts/mount-options.ts';

const settings = new Set(['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol']);
const propagations = /^r?(private|shared|slave|unbindable)$/;
const opposites: Readonly<Record<string, string>> = { exec: 'noexec', suid: 'nosuid', dev: 'nodev' };

/**
 * Docker's defaults for a tmpfs and what is asked for.
 * @throws EngineError `invalid` in Docker's words for a word that no tmpfs knows.
 */
export function tmpfsOptions(asked: readonly string[], readOnly: boolean): string[] {
  const words = asked.filter((word) => word !== '');
  const unknown = words.find((word) => {
    const [name = '', value] = word.split(/=(.*)/s);
    return value === undefined ? !isMountFlag(name) && !propagations.test(name) : !settings.has(name);
  });
  if (unknown !== undefined) throw new EngineError('invalid', `invalid tmpfs option "${unknown}"`);
  const given = new Set(words.map((word) => opposites[word] ?? word));
  const defaults = ['noexec', 'nosuid', 'nodev'].filter((word) => !given.has(word));
  const access = readOnly || words.includes('ro') ? 'ro' : 'rw';
  return [...defaults, ...words.filter((word) => word !== 'ro' && word !== 'rw'), access];
}

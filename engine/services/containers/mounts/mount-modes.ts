const propagations = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);

/** Words of `-v source:/target:WORDS`, of which one of each kind may be given. */
const kinds: readonly ReadonlySet<string>[] = [
  new Set(['rw', 'ro']),
  // labels of SELinux: without effect where the host has none, as in Docker
  new Set(['z', 'Z']),
  propagations,
  new Set(['nocopy']),
  // of Docker Desktop
  new Set(['consistent', 'cached', 'delegated']),
];

const wordsOf = (mode: string) => mode.split(',');

export const isPropagation = (word: string) => propagations.has(word);

/** Whether it is a list of known words, none against another (moby, `linuxValidMountMode`). */
export function isMountMode(mode: string): boolean {
  if (mode === '') return true;
  const words = wordsOf(mode);
  return (
    words.every((word) => kinds.some((kind) => kind.has(word))) &&
    kinds.every((kind) => words.filter((word) => kind.has(word)).length <= 1)
  );
}

export const isReadOnlyMode = (mode: string) => wordsOf(mode).includes('ro');
export const isNoCopyMode = (mode: string) => wordsOf(mode).includes('nocopy');
export const propagationOf = (mode: string) => wordsOf(mode).find(isPropagation);

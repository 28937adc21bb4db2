/** The host that a reference belongs to, as the distribution rules find it: `docker.io` where none is named. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  if (!isHost || first === 'index.docker.io') return 'docker.io';
  return first;
}

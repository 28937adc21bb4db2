/** Names by which Docker Hub is written: by people, in the docker CLI's file, by its API. */
const dockerHub = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * The registry that an address means, as `host` or `host:port`: `https://index.docker.io/v1/` and `registry-1.docker.io` are
 * `docker.io`. Undefined for what names more than a registry, such as a project in it: a login of one is not a login of all.
 */
export function registryNameOf(address: string): string | undefined {
  const text = address.trim().replace(/^https?:\/\//i, '');
  const [host = '', ...path] = text.split('/');
  if (host === '' || host.includes('@') || /\s/.test(host)) return undefined;
  const rest = path.filter((part) => part !== '').join('/');
  if (rest !== '' && rest !== 'v1' && rest !== 'v2') return undefined;
  const name = host.toLowerCase();
  return dockerHub.has(name) ? 'docker.io' : name;
}

/** The host to which requests for a registry go, and by which the engine keeps its login. */
export function apiHostOf(name: string): string {
  return name === 'docker.io' ? 'registry-1.docker.io' : name;
}

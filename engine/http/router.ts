import findMyWay from 'find-my-way';
import { EngineError } from '../base/errors.ts';
import { splitVersion } from './api-version.ts';
import type { Exchange, Route } from './route.ts';

export type Match = Pick<Exchange, 'params' | 'query' | 'version'> & { route: Route };

export interface Router {
  /** @throws EngineError `not-found` (`request.unknown-route`), `invalid` (`request.version`). */
  find(method: string, url: string): Match;
}

/** Names of images have slashes, and those of links to containers: the part between is made one. */
const withSlashes = [
  /^(\/images\/)(.+)(\/(?:json|history|tag|push|get|attestations))$/,
  /^(\/distribution\/)(.+)(\/json)$/,
  /^(\/images\/)([^/]+\/.+)()$/,
  /^(\/containers\/)([^/]+\/[^/]+)(\/json)$/,
];

/** A link to remove. */
const linkAlone = /^(\/containers\/)([^/]+\/[^/]+)()$/;

function joinName(method: string, path: string): string {
  for (const pattern of method === 'DELETE' ? [...withSlashes, linkAlone] : withSlashes) {
    const match = pattern.exec(path);
    if (match) return `${match[1]}${match[2]?.replaceAll('/', '%2F')}${match[3]}`;
  }
  return path;
}

/** `containers` of `/containers/json`: every route begins with a word of its own. */
const nounOf = (path: string) => path.split('/', 2)[1] ?? '';

function treeOf(routes: readonly Route[]): findMyWay.Instance<findMyWay.HTTPVersion.V1> {
  const tree = findMyWay({ maxParamLength: 4096, ignoreTrailingSlash: false });
  for (const route of routes) tree.on(route.method, route.path, () => {}, route);
  return tree;
}

export function createRouter(routes: readonly Route[]): Router {
  const nouns = Map.groupBy(routes, ({ path }) => nounOf(path));
  // a tree compiles its routes, milliseconds each: when its noun is asked for first, not at the start of the engine
  const trees = new Map<string, ReturnType<typeof treeOf>>();
  const treeFor = (path: string) => {
    const noun = nounOf(path);
    const tree = trees.get(noun) ?? treeOf(nouns.get(noun) ?? []);
    if (nouns.has(noun)) trees.set(noun, tree);
    return tree;
  };
  return {
    find(method, url) {
      const cut = url.indexOf('?');
      const { version, path } = splitVersion(cut < 0 ? url : url.slice(0, cut));
      const found = treeFor(path).find(method as Route['method'], joinName(method, path));
      if (!found) throw new EngineError('not-found', 'page not found', { reason: 'request.unknown-route' });
      const params: Record<string, string> = {};
      for (const [key, value] of Object.entries(found.params)) params[key] = value ?? '';
      return {
        route: found.store as Route,
        params,
        query: new URLSearchParams(cut < 0 ? '' : url.slice(cut + 1)),
        version,
      };
    },
  };
}

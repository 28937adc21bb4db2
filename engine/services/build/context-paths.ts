import { type Node, sourcesOf } from './node.ts';

/** Paths of the context that a build takes files from, as they are written; undefined: all of it. Empty: none is needed. */
export function contextPaths(node: Node): readonly string[] | undefined {
  const paths = new Set<string>();
  const seen = new Set<Node>();
  const visit = (each: Node): void => {
    if (seen.has(each) || each.op === 'scratch' || each.op === 'image') return;
    seen.add(each);
    for (const path of ownPaths(each)) paths.add(path);
    for (const other of [each.input, ...sourcesOf(each)]) visit(other);
  };
  visit(node);
  const clean = [...paths].map((path) =>
    path
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/'),
  );
  return clean.includes('') ? undefined : clean;
}

function ownPaths(node: Node): readonly string[] {
  if (node.op === 'copy')
    return node.parts.flatMap((part) => ('from' in part && part.from === 'context' ? part.sources : []));
  if (node.op !== 'exec') return [];
  return node.mounts.flatMap((mount) => (mount.type === 'bind' && mount.from === 'context' ? [mount.source] : []));
}

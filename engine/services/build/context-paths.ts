import { type CopyPart, type Node, sourcesOf, type WorkNode } from './node.ts';

/** Paths of the context that a build takes files from, as they are written; undefined: all of it. Empty: none is needed. */
export function contextPaths(...nodes: readonly Node[]): readonly string[] | undefined {
  const paths = new Set<string>();
  visitWork(nodes, (each) => {
    for (const path of ownPaths(each)) paths.add(path);
  });
  const clean = [...paths].map((path) =>
    path
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/'),
  );
  return clean.includes('') ? undefined : clean;
}

/** Names of the named contexts that a build takes files from. */
export function namedContexts(...nodes: readonly Node[]): ReadonlySet<string> {
  const names = new Set<string>();
  visitWork(nodes, (each) => {
    if (each.op !== 'copy') return;
    for (const part of each.parts) if (isOfContext(part) && part.named !== undefined) names.add(part.named);
  });
  return names;
}

type FilePart = Extract<CopyPart, { from: unknown }>;
const isOfContext = (part: CopyPart): part is FilePart => 'from' in part && part.from === 'context';

/** Each once. */
function visitWork(nodes: readonly Node[], look: (node: WorkNode) => void): void {
  const seen = new Set<Node>();
  const visit = (each: Node): void => {
    if (seen.has(each) || each.op === 'scratch' || each.op === 'image') return;
    seen.add(each);
    look(each);
    for (const other of [each.input, ...sourcesOf(each)]) visit(other);
  };
  nodes.forEach(visit);
}

function ownPaths(node: WorkNode): readonly string[] {
  if (node.op === 'copy')
    return node.parts.flatMap((part) => (isOfContext(part) && part.named === undefined ? part.sources : []));
  if (node.op !== 'exec') return [];
  return node.mounts.flatMap((mount) => (mount.type === 'bind' && mount.from === 'context' ? [mount.source] : []));
}

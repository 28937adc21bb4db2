import type { Container, Image } from '../../../electron/bridge/host.ts';
import { familiarName, isReference } from '../../host/references.ts';
import { findImage, isBlank, isVolume, namePattern, type PortRow, parsePorts, type RunForm } from './run-form.ts';
import { splitCommand } from './split-command.ts';

export type Problem =
  | { readonly field: 'image'; readonly kind: 'missing' | 'name' }
  | { readonly field: 'name'; readonly kind: 'characters'; readonly instead: string }
  | { readonly field: 'name'; readonly kind: 'taken'; readonly instead: string }
  | { readonly field: 'command'; readonly kind: 'quote' | 'backslash' }
  | { readonly field: 'tries'; readonly kind: 'number' }
  | RowProblem;

/** A problem of one row, by its key. */
export type RowProblem =
  | { readonly field: 'ports'; readonly row: number; readonly kind: 'hostPort' | 'containerPort' | 'twice' }
  | { readonly field: 'environment'; readonly row: number; readonly kind: 'variable' | 'twice' }
  | { readonly field: 'folders'; readonly row: number; readonly kind: 'source' | 'target' | 'twice' }
  | { readonly field: 'memory'; readonly row: number; readonly kind: 'target' | 'size' | 'twice' };

function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 2; ; number += 1) if (!taken.has(`${name}-${number}`)) return `${name}-${number}`;
}

function nameProblem(name: string, taken: ReadonlySet<string>): Problem | undefined {
  if (name === '') return undefined;
  if (!namePattern.test(name)) {
    const instead = name.replace(/[^a-zA-Z0-9_.-]+/g, '-').replace(/^[^a-zA-Z0-9]+/, '');
    return { field: 'name', kind: 'characters', instead: namePattern.test(instead) ? instead : '' };
  }
  return taken.has(name) ? { field: 'name', kind: 'taken', instead: freeName(name, taken) } : undefined;
}

const isPath = (text: string) => /^\/(?!$)/.test(text.trim()) && !text.split('/').includes('..');
/** Without slashes at the end, as the engine compares targets. */
const cleanPath = (text: string) => text.trim().replace(/\/+$/, '');

/** True for each row whose key another row before it has. */
function repeats<Row>(rows: readonly Row[], keyOf: (row: Row) => string | undefined): ReadonlySet<Row> {
  const seen = new Set<string>();
  const again = rows.filter((row) => {
    const key = keyOf(row);
    if (key === undefined) return false;
    if (seen.has(key)) return true;
    seen.add(key);
    return false;
  });
  return new Set(again);
}

const hostKey = ({ host, protocol, address }: PortRow) => {
  const ports = parsePorts(host);
  return ports && ports.first === ports.last ? `${address} ${ports.first}/${protocol}` : undefined;
};

function portProblems(form: RunForm): RowProblem[] {
  const rows = form.ports.filter((row) => !isBlank.port(row));
  const again = repeats(rows, hostKey);
  return rows.flatMap((row): RowProblem[] => {
    const problem = (kind: 'hostPort' | 'containerPort' | 'twice') => [{ field: 'ports' as const, row: row.key, kind }];
    const inside = parsePorts(row.container);
    if (row.host.trim() !== '' && !parsePorts(row.host)) return problem('hostPort');
    if (!inside || inside.first !== inside.last) return problem('containerPort');
    return again.has(row) ? problem('twice') : [];
  });
}

function variableProblems(form: RunForm): RowProblem[] {
  const rows = form.environment.filter((row) => !isBlank.variable(row));
  const again = repeats(rows, ({ name }) => name.trim());
  return rows.flatMap((row): RowProblem[] => {
    if (!/^[^=\s]+$/.test(row.name.trim())) return [{ field: 'environment', row: row.key, kind: 'variable' }];
    return again.has(row) ? [{ field: 'environment', row: row.key, kind: 'twice' }] : [];
  });
}

function folderProblems(form: RunForm): RowProblem[] {
  const folders = form.folders.filter((row) => !isBlank.folder(row));
  const memory = form.memory.filter((row) => !isBlank.memory(row));
  const again = repeats<{ target: string }>([...folders, ...memory], ({ target }) => cleanPath(target));
  return [
    ...folders.flatMap((row): RowProblem[] => {
      if (!isVolume(row.source) && !row.source.trim().startsWith('/'))
        return [{ field: 'folders', row: row.key, kind: 'source' }];
      if (!isPath(row.target)) return [{ field: 'folders', row: row.key, kind: 'target' }];
      return again.has(row) ? [{ field: 'folders', row: row.key, kind: 'twice' }] : [];
    }),
    ...memory.flatMap((row): RowProblem[] => {
      if (!isPath(row.target)) return [{ field: 'memory', row: row.key, kind: 'target' }];
      if (!/^(|[1-9]\d{0,8})$/.test(row.size.trim())) return [{ field: 'memory', row: row.key, kind: 'size' }];
      return again.has(row) ? [{ field: 'memory', row: row.key, kind: 'twice' }] : [];
    }),
  ];
}

/** What keeps the form from being run. */
export function problemsOf(form: RunForm, images: readonly Image[], containers: readonly Container[]): Problem[] {
  const taken = new Set(containers.map((container) => container.name));
  const problems: Problem[] = [];
  const image = form.image.trim();
  if (image === '') problems.push({ field: 'image', kind: 'missing' });
  else if (!findImage(images, image) && !isReference(familiarName(image)))
    problems.push({ field: 'image', kind: 'name' });
  const name = nameProblem(form.name.trim(), taken);
  if (name) problems.push(name);
  const split = splitCommand(form.command);
  if (!split.ok) problems.push({ field: 'command', kind: split.problem });
  problems.push(...portProblems(form), ...variableProblems(form), ...folderProblems(form));
  if (form.restart === 'on-failure' && !/^(|[1-9]\d{0,5})$/.test(form.tries.trim()))
    problems.push({ field: 'tries', kind: 'number' });
  return problems;
}

import { mayBeSecret } from '../../dockerfile/secret-names.ts';
import type { CacheMiss, MissReason } from './build-service.ts';
import type { MarkedInput, StepMark } from './step-marks.ts';

/** Files that are named. */
const mostFiles = 20;

/** What is other than it was, for people. `stepOf`: the number of the step that made an input. Pure. */
export function explainMiss(
  before: StepMark,
  now: StepMark,
  stepOf: (key: string) => number | undefined,
): CacheMiss | undefined {
  if (before.key === now.key) return { reasons: [{ kind: 'removed' }], moreFiles: 0 };
  if (before.words !== now.words)
    return { reasons: [{ kind: 'instruction', from: before.words, to: now.words }], moreFiles: 0 };
  const files = changedFiles(before.files, now.files);
  const inputs = [now.input, ...now.sources].flatMap((input, index) =>
    changedInput([before.input, ...before.sources][index], input, stepOf),
  );
  const reasons: MissReason[] = [
    ...inputs.filter(({ kind }) => kind === 'base'),
    ...files.slice(0, mostFiles),
    ...changedVariables(before.variables, now.variables),
    ...(before.settings === now.settings ? [] : [{ kind: 'settings' } as const]),
    ...inputs.filter(({ kind }) => kind === 'earlier'),
  ];
  return reasons.length === 0 ? undefined : { reasons, moreFiles: Math.max(0, files.length - mostFiles) };
}

type Texts = Readonly<Record<string, string>>;

function changedFiles(before: Texts, now: Texts): Extract<MissReason, { kind: 'file' }>[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return paths.flatMap((path) => {
    const [old, current] = [before[path], now[path]];
    if (old === current) return [];
    const change = old === undefined ? 'added' : current === undefined ? 'removed' : 'changed';
    return [{ kind: 'file' as const, change, path }];
  });
}

function changedVariables(before: Texts, now: Texts): MissReason[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names.flatMap((name) => {
    const [from, to] = [before[name], now[name]];
    if (from === to) return [];
    const hidden = mayBeSecret(name);
    const values = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
    return [{ kind: 'argument' as const, name, hidden, ...(hidden ? {} : values) }];
  });
}

function changedInput(
  before: MarkedInput | undefined,
  now: MarkedInput,
  stepOf: (key: string) => number | undefined,
): MissReason[] {
  if (before?.key === now.key) return [];
  if (before?.base && now.base)
    return [{ kind: 'base', reference: now.base.reference, from: before.base.id, to: now.base.id }];
  const step = stepOf(now.key);
  return step === undefined ? [{ kind: 'settings' }] : [{ kind: 'earlier', step }];
}

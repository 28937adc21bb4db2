import { ArrowRight, Database, Folder, FolderOpen, Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { call } from '../../host/bridge-client.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { FieldGroup, FieldRow } from '../../ui/field-group.tsx';
import { added, changed, without } from '../../ui/rows.ts';
import { Select } from '../../ui/select.tsx';
import { TextInput } from '../../ui/text-field.tsx';
import type { RowProblem } from './form-problems.ts';
import { type FolderRow, isVolume, type MemoryRow } from './run-form.ts';

interface RowsProps<Row> {
  rows: readonly Row[];
  onChange: (rows: readonly Row[]) => void;
  problemOf: (row: Row) => RowProblem | undefined;
}

/** Folders of this computer, and volumes, that the container sees. */
export function FolderRows({ rows, onChange, problemOf }: RowsProps<FolderRow>) {
  const { t } = useTranslation();
  const choose = async (row: FolderRow) => {
    const outcome = await call('folders.choose', undefined);
    if (outcome.ok && outcome.value.path) onChange(changed(rows, row, { source: outcome.value.path }));
  };
  return (
    <FieldGroup label={t('run.folders')}>
      {rows.map((row) => {
        const problem = problemOf(row);
        return (
          <FieldRow
            key={row.key}
            removeLabel={t('run.removeFolder')}
            onRemove={() => onChange(without(rows, row))}
            unfinished={row.source.trim() === '' || row.target.trim() === ''}
            error={problem && <FolderProblem problem={problem} />}
          >
            <TextInput
              className="flex-1 pr-0.5!"
              value={row.source}
              bad={problem?.kind === 'source' && row.source.trim() !== ''}
              icon={isVolume(row.source) ? Database : Folder}
              aria-label={t('run.folderOrVolume')}
              title={row.source || undefined}
              placeholder={t('run.folderOrVolume')}
              onChange={(source) => onChange(changed(rows, row, { source }))}
              end={
                <IconButton small icon={FolderOpen} label={t('run.chooseFolder')} onClick={() => void choose(row)} />
              }
            />
            <ArrowRight size={16} className="flex-none text-fg-4" aria-hidden />
            <TargetInput
              className="w-34"
              row={row}
              label={t('run.containerFolder')}
              bad={problem !== undefined && problem.kind !== 'source'}
              onChange={(target) => onChange(changed(rows, row, { target }))}
            />
            <div className="flex w-31 flex-none">
              <Select
                label={t('run.access')}
                value={row.readOnly ? 'ro' : 'rw'}
                options={[
                  { value: 'rw', text: t('run.readWrite') },
                  { value: 'ro', text: t('run.readOnly') },
                ]}
                onChange={(access) => onChange(changed(rows, row, { readOnly: access === 'ro' }))}
              />
            </div>
          </FieldRow>
        );
      })}
      <AddRow
        text={t('run.addFolder')}
        onAdd={() => onChange(added<FolderRow>(rows, { source: '', target: '', readOnly: false }))}
      />
    </FieldGroup>
  );
}

function AddRow({ text, onAdd }: { text: string; onAdd: () => void }) {
  return (
    <div className="-ml-2 flex h-7 items-center">
      <Button kind="quiet" size="small" icon={Plus} onClick={onAdd}>
        {text}
      </Button>
    </div>
  );
}

interface TargetInputProps {
  row: { readonly target: string };
  label: string;
  /** What is wrong with it, and not with another field of the row. */
  bad: boolean;
  className: string;
  onChange: (target: string) => void;
}

/** Where the container sees the folder. */
function TargetInput({ row, label, bad, className, onChange }: TargetInputProps) {
  const { t } = useTranslation();
  return (
    <TextInput
      className={className}
      value={row.target}
      bad={bad && row.target.trim() !== ''}
      aria-label={label}
      placeholder={t('run.containerFolder')}
      onChange={onChange}
    />
  );
}

function FolderProblem({ problem }: { problem: RowProblem }) {
  const { t } = useTranslation();
  if (problem.kind === 'twice') return <span>{t('run.folderTwice')}</span>;
  if (problem.kind === 'size') return <span>{t('run.sizeBad')}</span>;
  return <span>{t(problem.kind === 'source' ? 'run.sourceBad' : 'run.targetBad')}</span>;
}

/** Folders in memory (tmpfs). */
export function MemoryRows({ rows, onChange, problemOf }: RowsProps<MemoryRow>) {
  const { t } = useTranslation();
  return (
    <FieldGroup label={t('run.memoryPaths')}>
      {rows.map((row) => {
        const problem = problemOf(row);
        return (
          <FieldRow
            key={row.key}
            removeLabel={t('run.removeMemory')}
            onRemove={() => onChange(without(rows, row))}
            unfinished={row.target.trim() === ''}
            error={problem && <FolderProblem problem={problem} />}
          >
            <TargetInput
              className="flex-1"
              row={row}
              label={t('run.memoryFolder')}
              bad={problem !== undefined && problem.kind !== 'size'}
              onChange={(target) => onChange(changed(rows, row, { target }))}
            />
            <TextInput
              className="w-32"
              value={row.size}
              bad={problem?.kind === 'size'}
              aria-label={t('run.size')}
              placeholder={t('run.noLimit')}
              end={<span className="text-small text-fg-4">{t('run.megabytes')}</span>}
              onChange={(size) => onChange(changed(rows, row, { size }))}
            />
          </FieldRow>
        );
      })}
      <AddRow text={t('run.addMemory')} onAdd={() => onChange(added<MemoryRow>(rows, { target: '', size: '' }))} />
    </FieldGroup>
  );
}

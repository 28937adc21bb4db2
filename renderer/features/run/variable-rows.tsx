import { FileText, Plus } from 'lucide-react';
import { type ClipboardEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { FieldGroup, FieldRow } from '../../ui/field-group.tsx';
import { TextInput } from '../../ui/text-field.tsx';
import { looksLikeEnvLines, parseEnvLines } from './env-lines.ts';
import type { RowProblem } from './form-problems.ts';
import { added, changed, without } from './rows.ts';
import { isBlank, nextKey, type VariableRow } from './run-form.ts';

export interface VariableRowsProps {
  rows: readonly VariableRow[];
  onChange: (rows: readonly VariableRow[]) => void;
  problemOf: (row: VariableRow) => RowProblem | undefined;
}

/** The rows with what was read put in: a name that is there gets the new value. */
function merged(rows: readonly VariableRow[], text: string): readonly VariableRow[] {
  const read = new Map(parseEnvLines(text).map(({ name, value }) => [name, value]));
  const kept = rows
    .filter((row) => !isBlank.variable(row))
    .map((row) => {
      const value = read.get(row.name.trim());
      read.delete(row.name.trim());
      return value === undefined ? row : { ...row, value };
    });
  return [...kept, ...[...read].map(([name, value]) => ({ key: nextKey(), name, value }))];
}

/** Variables of the environment; lines of an `.env` file may be pasted into any name, or read from a file. */
export function VariableRows({ rows, onChange, problemOf }: VariableRowsProps) {
  const { t } = useTranslation();
  const file = useRef<HTMLInputElement>(null);
  const paste = (event: ClipboardEvent) => {
    const text = event.clipboardData.getData('text/plain');
    if (!looksLikeEnvLines(text)) return;
    event.preventDefault();
    onChange(merged(rows, text));
  };
  const read = async (chosen: File | undefined) => {
    if (chosen) onChange(merged(rows, await chosen.text()));
  };
  return (
    <FieldGroup label={t('run.environment')}>
      {rows.map((row) => {
        const problem = problemOf(row);
        return (
          <FieldRow
            key={row.key}
            removeLabel={t('run.removeVariable')}
            onRemove={() => onChange(without(rows, row))}
            unfinished={row.name.trim() === ''}
            error={problem && <span>{t(problem.kind === 'twice' ? 'run.variableTwice' : 'run.variableBad')}</span>}
          >
            <TextInput
              mono
              className="w-42"
              value={row.name}
              bad={problem !== undefined && row.name.trim() !== ''}
              aria-label={t('run.variable')}
              placeholder={t('run.variable')}
              onPaste={paste}
              onChange={(name) => onChange(changed(rows, row, { name }))}
            />
            <span className="text-fg-4">=</span>
            <TextInput
              mono
              className="flex-1"
              value={row.value}
              aria-label={t('run.value')}
              onChange={(value) => onChange(changed(rows, row, { value }))}
            />
          </FieldRow>
        );
      })}
      <div className="-ml-2 flex h-7 items-center gap-2">
        <Button
          kind="quiet"
          size="small"
          icon={Plus}
          onClick={() => onChange(added<VariableRow>(rows, { name: '', value: '' }))}
        >
          {t('run.addVariable')}
        </Button>
        <Button kind="quiet" size="small" icon={FileText} onClick={() => file.current?.click()}>
          {t('run.envFile')}
        </Button>
        <input
          ref={file}
          type="file"
          hidden
          aria-label={t('run.envFile')}
          onChange={(event) => {
            void read(event.target.files?.[0]);
            // the same file can be chosen again
            event.target.value = '';
          }}
        />
      </div>
    </FieldGroup>
  );
}

import { FileText } from 'lucide-react';
import { type ClipboardEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { NameValueRows } from '../../ui/name-value-rows.tsx';
import { nextKey } from '../../ui/rows.ts';
import { looksLikeEnvLines, parseEnvLines } from './env-lines.ts';
import type { RowProblem } from './form-problems.ts';
import { isBlank, type VariableRow } from './run-form.ts';

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
    <NameValueRows
      rows={rows}
      onChange={onChange}
      onPaste={paste}
      words={{
        title: t('run.environment'),
        name: t('run.variable'),
        value: t('run.value'),
        add: t('run.addVariable'),
        remove: t('run.removeVariable'),
      }}
      noteOf={(row) => {
        const problem = problemOf(row);
        return problem && { text: t(problem.kind === 'twice' ? 'run.variableTwice' : 'run.variableBad'), bad: true };
      }}
    >
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
    </NameValueRows>
  );
}

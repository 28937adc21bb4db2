import { Plus } from 'lucide-react';
import type { ClipboardEvent, ReactNode } from 'react';
import { Button } from './button.tsx';
import { FieldGroup, FieldRow } from './field-group.tsx';
import { added, changed, without } from './rows.ts';
import { TextInput } from './text-field.tsx';

export interface NameValueRow {
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

export interface NameValueWords {
  /** Of the whole. */
  readonly title: string;
  readonly name: string;
  readonly value: string;
  readonly add: string;
  readonly remove: string;
}

/** What a row is told of itself: `bad` also marks its name. */
export interface RowNote {
  readonly text: string;
  readonly bad: boolean;
}

export interface NameValueRowsProps {
  rows: readonly NameValueRow[];
  words: NameValueWords;
  onChange: (rows: readonly NameValueRow[]) => void;
  noteOf?: (row: NameValueRow) => RowNote | undefined;
  /** Pasted into a name. */
  onPaste?: (event: ClipboardEvent) => void;
  /** Further ways to get rows, beside the button that adds one. */
  children?: ReactNode;
}

/** Lines of `name = value`, added and taken away one by one. */
export function NameValueRows(props: NameValueRowsProps) {
  const { rows, words, onChange, noteOf, onPaste, children } = props;
  const put = (row: NameValueRow, part: Partial<NameValueRow>) => onChange(changed(rows, row, part));
  return (
    <FieldGroup label={words.title}>
      {rows.map((row) => {
        const note = noteOf?.(row);
        return (
          <FieldRow
            key={row.key}
            removeLabel={words.remove}
            onRemove={() => onChange(without(rows, row))}
            unfinished={row.name.trim() === ''}
            error={note && <span>{note.text}</span>}
          >
            <TextInput
              mono
              className="w-42"
              value={row.name}
              bad={note?.bad === true && row.name.trim() !== ''}
              aria-label={words.name}
              placeholder={words.name}
              {...(onPaste && { onPaste })}
              onChange={(name) => put(row, { name })}
            />
            <span className="text-fg-4">=</span>
            <TextInput
              mono
              className="flex-1"
              value={row.value}
              aria-label={words.value}
              onChange={(value) => put(row, { value })}
            />
          </FieldRow>
        );
      })}
      <div className="-ml-2 flex min-h-7 flex-wrap items-center gap-x-1">
        <Button
          kind="quiet"
          size="small"
          icon={Plus}
          onClick={() => onChange(added<NameValueRow>(rows, { name: '', value: '' }))}
        >
          {words.add}
        </Button>
        {children}
      </div>
    </FieldGroup>
  );
}

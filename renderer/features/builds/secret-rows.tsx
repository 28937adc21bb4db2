import { FileKey, Plus, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from '../../ui/button.tsx';
import { FieldGroup, FieldRow } from '../../ui/field-group.tsx';
import { added, changed, without } from '../../ui/rows.ts';
import { TextInput } from '../../ui/text-field.tsx';
import { type BuildFields, base64Of, type SecretRow, secretProblem } from './build-form.ts';

export interface SecretRowsProps {
  fields: BuildFields;
  change: (part: Partial<BuildFields>) => void;
}

const problems = {
  bad: 'builds.dialog.secretProblem.bad',
  twice: 'builds.dialog.secretProblem.twice',
  empty: 'builds.dialog.secretProblem.empty',
  tooLarge: 'builds.dialog.secretProblem.tooLarge',
} as const;

/** Bytes of a file that is taken; builders take no more. */
const LONGEST = 500 * 1024;

/** Secrets of `RUN --mount=type=secret`: typed in or read from files, and kept nowhere. */
export function SecretRows({ fields, change }: SecretRowsProps) {
  const { t } = useTranslation();
  const { secrets } = fields;
  return (
    <FieldGroup label={t('builds.dialog.secrets')}>
      {secrets.map((row) => {
        const problem = secretProblem(fields, row);
        return (
          <FieldRow
            key={row.key}
            removeLabel={t('builds.dialog.removeSecret')}
            onRemove={() => change({ secrets: without(secrets, row) })}
            unfinished={row.id.trim() === ''}
            error={problem && <span>{t(problems[problem])}</span>}
          >
            <OneSecret row={row} put={(part) => change({ secrets: changed(secrets, row, part) })} />
          </FieldRow>
        );
      })}
      <div className="-ml-2 flex h-7 items-center gap-2">
        <Button
          kind="quiet"
          size="small"
          icon={Plus}
          onClick={() => change({ secrets: added<SecretRow>(secrets, { id: '', value: '' }) })}
        >
          {t('builds.dialog.addSecret')}
        </Button>
        <span className="text-small text-fg-3">{t('builds.dialog.secretsHint')}</span>
      </div>
    </FieldGroup>
  );
}

interface OneSecretProps {
  row: SecretRow;
  put: (part: Partial<SecretRow>) => void;
}

function OneSecret({ row, put }: OneSecretProps) {
  const { t } = useTranslation();
  return (
    <>
      <TextInput
        mono
        className="w-42"
        value={row.id}
        aria-label={t('builds.dialog.secretId')}
        placeholder={t('builds.dialog.secretId')}
        onChange={(id) => put({ id })}
      />
      {row.file ? (
        <span className="flex min-w-0 flex-1 items-center gap-1">
          <span className="min-w-0 flex-1 overflow-hidden text-ellipsis whitespace-nowrap text-small">
            {row.file.name}
          </span>
          <IconButton small icon={X} label={t('builds.dialog.secretNoFile')} onClick={() => put({ file: undefined })} />
        </span>
      ) : (
        <TextInput
          className="flex-1"
          type="password"
          value={row.value}
          aria-label={t('builds.dialog.secretValue')}
          placeholder={t('builds.dialog.secretValue')}
          onChange={(value) => put({ value })}
        />
      )}
      <FileButton put={put} />
    </>
  );
}

function FileButton({ put }: Pick<OneSecretProps, 'put'>) {
  const { t } = useTranslation();
  const read = async (chosen: File | undefined) => {
    if (!chosen) return;
    const content = chosen.size > LONGEST ? undefined : base64Of(new Uint8Array(await chosen.arrayBuffer()));
    put({ value: '', file: { name: chosen.name, content } });
  };
  return (
    <label className="no-drag flex size-7 flex-none items-center justify-center rounded-2 text-fg-2 focus-within:outline-2 focus-within:outline-(--focus-color) hover:bg-fill-hover">
      <FileKey size={16} aria-hidden />
      <input
        type="file"
        className="sr-only"
        aria-label={t('builds.dialog.secretFile')}
        onChange={(event) => {
          void read(event.target.files?.[0]);
          // the same file can be chosen again
          event.target.value = '';
        }}
      />
    </label>
  );
}

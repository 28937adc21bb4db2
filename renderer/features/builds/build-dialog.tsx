import { Folder, FolderOpen } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { BuildForm } from '../../../electron/bridge/builds.ts';
import type { Failure } from '../../../electron/bridge/failure.ts';
import { call } from '../../host/bridge-client.ts';
import { openBuild, useBuilds } from '../../host/build-store.ts';
import { failureText } from '../../host/failure-text.ts';
import { sizeText } from '../../host/figures.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { FieldGroup } from '../../ui/field-group.tsx';
import { Field, TextInput } from '../../ui/text-field.tsx';
import { useDialogChord } from '../../ui/use-dialog-chord.ts';
import { ArgumentRows } from './argument-rows.tsx';
import { BuildFolds } from './build-folds.tsx';
import { type BuildFields, badName, firstFields, formOf, secretProblem, withFolder } from './build-form.ts';
import { DockerfileFields } from './dockerfile-fields.tsx';
import { SecretRows } from './secret-rows.tsx';
import { useFolder } from './use-folder.ts';

export interface BuildDialogProps {
  given: Partial<BuildForm>;
  onClose: () => void;
}

/** Builds a folder of this computer: which Dockerfile and stage, with which arguments, for whom, under which name. */
export function BuildDialog({ given, onClose }: BuildDialogProps) {
  const { t } = useTranslation();
  const [fields, setFields] = useState(() => firstFields(given));
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const { content, offers, ...look } = useFolder(fields, setFields);
  const name = useRef<HTMLInputElement>(null);
  const change = (part: Partial<BuildFields>) => {
    setFields((now) => ({ ...now, ...part }));
    setFailure(undefined);
  };
  const possible =
    content !== undefined &&
    content.dockerfiles.length > 0 &&
    !badName(fields) &&
    fields.secrets.every((row) => secretProblem(fields, row) === undefined);
  const go = async () => {
    if (!possible || busy) return;
    setBusy(true);
    const outcome = await call('builds.start', formOf(fields));
    setBusy(false);
    if (!outcome.ok) return setFailure(outcome.failure);
    // a short one may end before its page is there
    useBuilds.setState({ shown: outcome.value.id });
    onClose();
    openBuild(outcome.value.id);
  };
  useDialogChord(() => void go());
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('builds.dialog.title')}
      closeLabel={t('app.close')}
      focus={name}
      onSubmit={() => void go()}
      footer={
        <>
          <span className="text-small text-fg-3">
            {content && t('builds.dialog.sends', { count: content.files, size: sizeText(content.bytes) })}
          </span>
          <span className="flex-1" />
          <Button onClick={onClose}>{t('app.cancel')}</Button>
          <Button kind="primary" type="submit" disabled={!possible} busy={busy} keyHint={t('keys.ctrlEnter')}>
            {t('builds.build')}
          </Button>
        </>
      }
    >
      {failure && (
        <p role="alert" className="mb-3 text-error-text">
          {failureText(failure)}
        </p>
      )}
      <FolderField fields={fields} look={look} setFields={setFields} />
      {content && <LargeFolders content={content} fields={fields} change={change} />}
      <Field label={t('builds.dialog.name')} error={badName(fields) && t('pull.badName')}>
        {(ids) => (
          <TextInput
            {...ids}
            ref={name}
            value={fields.reference}
            bad={badName(fields)}
            placeholder={t('builds.dialog.noName')}
            onChange={(reference) => change({ reference })}
          />
        )}
      </Field>
      <DockerfileFields {...{ fields, content, offers, change }} />
      <ArgumentRows {...{ fields, offers, change }} />
      <SecretRows {...{ fields, change }} />
      <BuildFolds fields={fields} change={change} />
    </Dialog>
  );
}

interface FolderFieldProps {
  fields: BuildFields;
  look: { failure: Failure | undefined; isLooking: boolean };
  setFields: (next: (fields: BuildFields) => BuildFields) => void;
}

function FolderField({ fields, look, setFields }: FolderFieldProps) {
  const { t } = useTranslation();
  const choose = async () => {
    const outcome = await call('builds.chooseFolder', undefined);
    const folder = outcome.ok ? outcome.value.folder : undefined;
    if (folder !== undefined) setFields((now) => withFolder(now, folder));
  };
  return (
    <FieldGroup label={t('builds.dialog.folder')}>
      <div className="flex items-center gap-2">
        <Folder size={16} className="flex-none text-fg-4" aria-hidden />
        <span
          className="selectable min-w-0 flex-1 overflow-hidden text-ellipsis whitespace-nowrap"
          title={fields.folder}
        >
          {fields.folder === '' ? <span className="text-fg-3">{t('builds.dialog.choose')}</span> : fields.folder}
        </span>
        <Button icon={FolderOpen} busy={look.isLooking} onClick={() => void choose()}>
          {t(fields.folder === '' ? 'builds.dialog.chooseFolder' : 'builds.dialog.otherFolder')}
        </Button>
      </div>
      {look.failure && (
        <p role="alert" className="mt-1 text-small text-error-text">
          {failureText(look.failure)}
        </p>
      )}
    </FieldGroup>
  );
}

interface LargeFoldersProps {
  content: NonNullable<ReturnType<typeof useFolder>['content']>;
  fields: BuildFields;
  change: (part: Partial<BuildFields>) => void;
}

/** Folders that would be sent and are seldom meant to be; those that are left out can be taken back. */
function LargeFolders({ content, fields, change }: LargeFoldersProps) {
  const { t } = useTranslation();
  const { leaveOut } = fields;
  if (content.large.length === 0 && leaveOut.length === 0) return null;
  return (
    <FieldGroup label={t('builds.dialog.large')}>
      <ul className="flex flex-col gap-1">
        {content.large.map(({ path, bytes, files }) => (
          <li key={path} className="flex h-7 items-center gap-2 text-small">
            <code className="mono text-code">{path}</code>
            <span className="flex-1 text-warning-text">
              {t('builds.dialog.largeFolder', { size: sizeText(bytes), count: files })}
            </span>
            <Button size="small" onClick={() => change({ leaveOut: [...leaveOut, path] })}>
              {t('builds.dialog.leaveOut')}
            </Button>
          </li>
        ))}
        {leaveOut.map((path) => (
          <li key={path} className="flex h-7 items-center gap-2 text-small">
            <code className="mono text-code line-through">{path}</code>
            <span className="flex-1 text-fg-3">{t('builds.dialog.leftOut')}</span>
            <Button
              size="small"
              kind="quiet"
              onClick={() => change({ leaveOut: leaveOut.filter((each) => each !== path) })}
            >
              {t('builds.dialog.takeAlong')}
            </Button>
          </li>
        ))}
      </ul>
    </FieldGroup>
  );
}

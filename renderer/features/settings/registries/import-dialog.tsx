import { Check, FolderOpen } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../../electron/bridge/failure.ts';
import type { Imported, ImportFormat } from '../../../../electron/bridge/registries.ts';
import { call } from '../../../host/bridge-client.ts';
import { failureText, warningText } from '../../../host/failure-text.ts';
import { noticeDone } from '../../../host/notices.ts';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Select } from '../../../ui/select.tsx';
import { StatusGlyph } from '../../../ui/status-glyph.tsx';
import { Field, TextInput } from '../../../ui/text-field.tsx';
import { useFileProblem } from './connection-settings.tsx';
import { changeRegistries } from './registries-store.ts';

const formats: readonly ImportFormat[] = ['daemon.json', 'hosts.toml', 'registries.conf'];

/** By its name, else by how it begins. */
function formatOf(name: string, text: string): ImportFormat {
  const named = formats.find((format) => name.endsWith(format.slice(format.indexOf('.'))));
  if (named) return named;
  if (/^\s*\{/.test(text)) return 'daemon.json';
  return /^\s*\[+host[.\]]|^\s*server\s*=/m.test(text) ? 'hosts.toml' : 'registries.conf';
}

/** Takes another program's configuration over: chosen or pasted, then told what of it would be taken, then applied. */
export function ImportDialog({ registry: start, onClose }: { registry: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [format, setFormat] = useState<ImportFormat>('daemon.json');
  const [registry, setRegistry] = useState(start);
  const [read, setRead] = useState<Imported>();
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const reset = () => {
    setRead(undefined);
    setFailure(undefined);
  };
  const look = async () => {
    setBusy(true);
    const question = { format, text, ...(format === 'hosts.toml' && { registry: registry.trim() }) };
    const outcome = await call('registries.import', question);
    setBusy(false);
    if (outcome.ok) setRead(outcome.value);
    else setFailure(outcome.failure);
  };
  const apply = async () => {
    if (!read) return;
    setBusy(true);
    const refused = await changeRegistries(() => read.settings);
    setBusy(false);
    if (refused) return setFailure(refused);
    noticeDone(t('mirrors.import.done', { count: read.taken.length }));
    onClose();
  };
  const take = (next: string, name = '') => {
    setText(next);
    if (next !== '') setFormat(formatOf(name, next));
    reset();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('mirrors.import.title')}
      closeLabel={t('app.close')}
      onSubmit={() => void (read ? apply() : look())}
      footer={
        <>
          <span className="flex-1" />
          <Button onClick={onClose}>{t('app.cancel')}</Button>
          <Button
            kind="primary"
            type="submit"
            busy={busy}
            disabled={read ? read.taken.length === 0 : text.trim() === ''}
          >
            {t(read ? 'mirrors.import.apply' : 'mirrors.import.read')}
          </Button>
        </>
      }
    >
      <Given text={text} take={take} />
      <FormatFields
        format={format}
        registry={registry}
        onFormat={(next) => {
          setFormat(next);
          reset();
        }}
        onRegistry={(next) => {
          setRegistry(next);
          reset();
        }}
      />
      {failure && (
        <p role="alert" className="mb-3 text-error-text [overflow-wrap:anywhere]">
          {failureText(failure)}
        </p>
      )}
      {read && <Report read={read} />}
    </Dialog>
  );
}

interface FormatFieldsProps {
  format: ImportFormat;
  registry: string;
  onFormat: (format: ImportFormat) => void;
  onRegistry: (registry: string) => void;
}

/** What kind of file it is; a hosts.toml does not say which registry it stands for. */
function FormatFields({ format, registry, onFormat, onRegistry }: FormatFieldsProps) {
  const { t } = useTranslation();
  return (
    <>
      <Field label={t('mirrors.import.format')}>
        {() => (
          <Select
            label={t('mirrors.import.format')}
            value={format}
            options={formats.map((value) => ({ value, text: value }))}
            onChange={onFormat}
          />
        )}
      </Field>
      {format === 'hosts.toml' && (
        <Field label={t('mirrors.add.field')} hint={t('mirrors.import.registryHint')}>
          {(ids) => <TextInput {...ids} mono value={registry} onChange={onRegistry} />}
        </Field>
      )}
    </>
  );
}

/** The file, or its text pasted. */
function Given({ text, take }: { text: string; take: (text: string, name?: string) => void }) {
  const { t } = useTranslation();
  const problemOf = useFileProblem();
  const [problem, setProblem] = useState<string>();
  const area = useRef<HTMLTextAreaElement>(null);
  const choose = async () => {
    const outcome = await call('registries.chooseFile', { what: 'configuration' });
    if (!outcome.ok) return setProblem(failureText(outcome.failure));
    setProblem(problemOf(outcome.value));
    if ('text' in outcome.value) take(outcome.value.text, outcome.value.name);
  };
  return (
    <>
      <div className="mb-2 flex items-center gap-3">
        <Button icon={FolderOpen} onClick={() => void choose()}>
          {t('mirrors.import.choose')}
        </Button>
        <span className="text-small text-fg-4">{t('mirrors.import.orPaste')}</span>
      </div>
      {problem && (
        <p role="alert" className="mb-2 text-small text-error-text">
          {problem}
        </p>
      )}
      <textarea
        ref={area}
        rows={7}
        value={text}
        spellCheck={false}
        aria-label={t('mirrors.import.text')}
        onChange={(event) => take(event.target.value)}
        className="mono selectable mb-3 block w-full resize-none rounded-2 bg-surface-2 px-2 py-1.5 text-code shadow-[inset_0_0_0_1px_var(--border-2)] outline-none focus-visible:outline-2 focus-visible:-outline-offset-1 focus-visible:outline-(--focus-color) dark:bg-surface-1"
      />
    </>
  );
}

/** What would be taken and what not, before anything is. */
function Report({ read: { taken, ignored } }: { read: Imported }) {
  const { t } = useTranslation();
  return (
    <section aria-label={t('mirrors.import.report')} className="mb-3 rounded-2 bg-fill-hover px-4 py-3 text-small">
      <h3 className="font-medium">{t('mirrors.import.taken', { count: taken.length })}</h3>
      <ul>
        {taken.map((line) => (
          <li key={line.message} className="selectable flex gap-2 py-0.5 text-fg-2 [overflow-wrap:anywhere]">
            <Check size={14} className="mt-px text-running-text" aria-hidden />
            {warningText(line)}
          </li>
        ))}
      </ul>
      {ignored.length > 0 && (
        <>
          <h3 className="mt-2 font-medium">{t('mirrors.import.ignored', { count: ignored.length })}</h3>
          <ul>
            {ignored.map(({ key, why }) => (
              <li
                key={`${key} ${why.message}`}
                className="selectable flex gap-2 py-0.5 text-fg-3 [overflow-wrap:anywhere]"
              >
                <StatusGlyph shape="triangle" />
                <span>
                  <code className="mono text-fg-2">{key}</code> {warningText(why)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

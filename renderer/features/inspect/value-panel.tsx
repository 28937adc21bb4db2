import { Copy } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { noticeDone } from '../../host/notices.ts';
import { IconButton } from '../../ui/button.tsx';
import { MiddleCut } from '../../ui/middle-cut.tsx';
import { commandOf, jqPath, plainText, type TreeRow, templateOf } from './json-tree.ts';
import { copyText } from './tree-list.tsx';

/** The line under the cursor: its whole value, and how other programs name it. */
export function ValuePanel({ row, container }: { row: TreeRow | undefined; container: string }) {
  const { t } = useTranslation();
  const title = row && jqPath(row.path).replace(/^\./, '');
  return (
    <aside
      aria-label={t('inspect.value')}
      className="flex w-84 flex-none flex-col overflow-y-auto border-line-1 border-l px-4 py-3 max-[1000px]:w-64"
    >
      {!row ? (
        <p className="text-small text-fg-4">{t('inspect.choose')}</p>
      ) : (
        <>
          <div className="flex items-start gap-2">
            <h2 className="selectable min-w-0 flex-1 font-semibold leading-6 [overflow-wrap:anywhere]">{title}</h2>
            <CopyButton label={t('inspect.copyValue')} text={copyText(row.value)} />
          </div>
          <pre className="mono selectable mt-1 max-h-64 flex-none overflow-auto whitespace-pre-wrap text-code text-fg-2 [overflow-wrap:anywhere]">
            {row.inside === undefined ? plainText(row.value) : copyText(row.value)}
          </pre>
          <hr className="my-4 border-line-1" />
          <h3 className="mb-1 text-small font-semibold">{t('inspect.elsewhere')}</h3>
          <Name label={t('inspect.path')} text={jqPath(row.path)} copyLabel={t('inspect.copyPath')} />
          <Name label={t('inspect.template')} text={templateOf(row.path)} copyLabel={t('inspect.copyTemplate')} />
          <Name label={t('inspect.jq')} text={`.[0]${jqPath(row.path)}`} copyLabel={t('inspect.copyJq')} />
          <Name
            label={t('inspect.command')}
            text={commandOf(row.path, container)}
            tail={` ${container}`}
            copyLabel={t('inspect.copyCommand')}
          />
        </>
      )}
    </aside>
  );
}

interface NameProps {
  label: string;
  text: string;
  /** The end that stays where the room is short. */
  tail?: string;
  copyLabel: string;
}

function Name({ label, text, tail, copyLabel }: NameProps) {
  return (
    <div className="flex h-7 items-center gap-2 text-small">
      <span className="w-16 flex-none text-fg-3">{label}</span>
      <code className="mono selectable min-w-0 flex-1 text-caption">
        <MiddleCut text={text} {...(tail === undefined ? {} : { tail })} />
      </code>
      <CopyButton label={copyLabel} text={text} />
    </div>
  );
}

function CopyButton({ label, text }: { label: string; text: string }) {
  const { t } = useTranslation();
  const copy = () => void navigator.clipboard.writeText(text).then(() => noticeDone(t('app.copied')));
  return <IconButton small icon={Copy} label={label} onClick={copy} />;
}

import { FolderInput, Save as SaveIcon, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Transfer } from '../../../electron/bridge/transfers.ts';
import { failureText } from '../../host/failure-text.ts';
import { sizeText } from '../../host/figures.ts';
import { request } from '../../host/requests.ts';
import { cancelSave, type Save, useSaves } from '../../host/save-store.ts';
import { TransferBlock } from '../../host/transfers/transfer-block.tsx';
import { cancelTransfer, failureOf, isUnderWay, useTransfers } from '../../host/transfers/transfer-store.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { ProgressBar } from '../../ui/progress-bar.tsx';
import { StatusGlyph } from '../../ui/status-glyph.tsx';
import { cancelLoad, type Load, useLoads } from './load-store.ts';

/** Of these the layers are not folded away. */
const alone = 1;

/** The one filled block of the page: pulls, pushes and archives on their way, and pulls that failed. */
export function WorkStrip() {
  const { t } = useTranslation();
  const loads = useLoads((state) => state.loads);
  const saves = useSaves((state) => state.saves);
  const transfers = useTransfers((state) => state.transfers);
  const running = transfers.filter(isUnderWay);
  const failed = transfers.filter(({ state }) => state === 'failed').slice(0, 3);
  if (loads.length + saves.length + running.length + failed.length === 0) return null;
  return (
    <section
      aria-label={t('images.work')}
      className="mx-4 mb-2 flex max-h-1/2 flex-none flex-col gap-3 overflow-y-auto rounded-3 bg-surface-0 py-2.5 pr-3 pl-4"
    >
      {running.map((transfer) => (
        <TransferBlock key={transfer.id} transfer={transfer} folds={running.length > alone} />
      ))}
      {failed.map((transfer) => (
        <FailedLine key={transfer.id} transfer={transfer} />
      ))}
      {loads.map((load) => (
        <LoadLine key={load.id} load={load} />
      ))}
      {saves.map((save) => (
        <SaveLine key={save.id} save={save} />
      ))}
    </section>
  );
}

function FailedLine({ transfer }: { transfer: Transfer }) {
  const { t } = useTranslation();
  const failure = failureOf(transfer);
  const { id, kind, reference: name } = transfer;
  return (
    <div className="flex min-h-6 items-center gap-2">
      <StatusGlyph shape="cross" />
      <span className="min-w-0 flex-1">
        <span className="font-medium">
          {t(kind === 'pull' ? 'transfers.notPulled' : 'transfers.notPushed', { name })}
        </span>{' '}
        <span className="text-small text-fg-3 [overflow-wrap:anywhere]">{failure && failureText(failure)}</span>
      </span>
      <Button size="small" onClick={() => request({ kind: 'transfer', id })}>
        {t('transfers.details')}
      </Button>
      <IconButton small icon={X} label={t('transfers.dismiss')} onClick={() => void cancelTransfer(id)} />
    </div>
  );
}

interface LineProps {
  icon: typeof FolderInput;
  name: string;
  words: string;
  figure: string | undefined;
  /** Undefined: no bar; `unknown`: no end. */
  share: number | 'unknown' | undefined;
  cancelLabel: string;
  onCancel: () => void;
}

function Line({ icon: Icon, name, words, figure, share, cancelLabel, onCancel }: LineProps): ReactNode {
  return (
    <div>
      <div className="flex items-center gap-2">
        <Icon size={16} className="flex-none text-fg-3" aria-hidden />
        <span className="overflow-hidden text-ellipsis whitespace-nowrap font-medium" title={name}>
          {name}
        </span>
        <span className="min-w-0 overflow-hidden text-ellipsis whitespace-nowrap text-small text-fg-3" title={words}>
          {words}
        </span>
        <span className="flex-1" />
        {figure && <span className="whitespace-nowrap text-small tabular-nums text-fg-3">{figure}</span>}
        <IconButton small icon={X} label={cancelLabel} onClick={onCancel} />
      </div>
      {share !== undefined && (
        <div className="mt-2.5 mb-1">
          <ProgressBar label={name} value={share === 'unknown' ? undefined : share} />
        </div>
      )}
    </div>
  );
}

function LoadLine({ load }: { load: Load }) {
  const { t } = useTranslation();
  const words = {
    waiting: t('images.waiting'),
    sending: t('images.sending'),
    unpacking: load.text || t('images.unpacking'),
  }[load.state];
  const begun = load.state !== 'waiting';
  return (
    <Line
      icon={FolderInput}
      name={load.name}
      words={words}
      figure={begun ? t('images.sentOf', { sent: sizeText(load.sent), size: sizeText(load.size) }) : undefined}
      share={begun ? (load.state === 'sending' && load.size > 0 ? load.sent / load.size : 'unknown') : undefined}
      cancelLabel={t('images.cancelLoad')}
      onCancel={() => cancelLoad(load.id)}
    />
  );
}

function SaveLine({ save }: { save: Save }) {
  const { t } = useTranslation();
  const { id, references, file, written } = save;
  return (
    <Line
      icon={SaveIcon}
      name={references.join(', ')}
      words={file === undefined ? t('images.choosingFile') : t('images.savingTo', { file })}
      figure={file === undefined ? undefined : sizeText(written)}
      share={file === undefined ? undefined : 'unknown'}
      cancelLabel={t('images.cancelSave')}
      onCancel={() => cancelSave(id)}
    />
  );
}

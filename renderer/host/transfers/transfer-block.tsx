import i18next from 'i18next';
import { ArrowDownToLine, ArrowUpFromLine, ChevronDown, ChevronRight, Info, Pause, Play, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Transfer, TransferNote } from '../../../electron/bridge/transfers.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { MiddleCut } from '../../ui/middle-cut.tsx';
import { ProgressBar } from '../../ui/progress-bar.tsx';
import { ageSpan, shortId, sizeText, splitReference } from '../figures.ts';
import { endpointName, lastRemark, shareOf, sourcesOf, timeLeft } from './transfer-figures.ts';
import { TransferLayers } from './transfer-layers.tsx';
import { cancelTransfer, isUnderWay, pauseTransfer, resumeTransfer } from './transfer-store.ts';

export interface TransferBlockProps {
  transfer: Transfer;
  /** Its layers can be folded away; they are at first. */
  folds?: boolean;
}

/** A pull or push on its way: the whole, then each layer, then why one comes from elsewhere. */
export function TransferBlock({ transfer, folds = false }: TransferBlockProps) {
  const [open, setOpen] = useState(!folds);
  const remark = lastRemark(transfer);
  return (
    <div className="transfer">
      <TransferHead transfer={transfer} fold={folds ? { open, set: setOpen } : undefined} />
      <div className="mt-2.5 mb-2">
        <ProgressBar
          label={transfer.reference}
          value={shareOf(transfer)}
          still={transfer.state === 'paused' || !isUnderWay(transfer)}
        />
      </div>
      {open && <TransferLayers transfer={transfer} />}
      {open && remark && (
        <p className="mt-1.5 flex h-5 items-center gap-2 text-small text-fg-3">
          <Info size={14} className="flex-none" aria-hidden />
          <span className="overflow-hidden text-ellipsis whitespace-nowrap">{remarkText(remark)}</span>
        </p>
      )}
    </div>
  );
}

function remarkText({ event, endpoint, digest }: TransferNote): string {
  const values = { endpoint: endpointName(endpoint), layer: digest ? shortId(digest) : '' };
  if (event === 'slow') return i18next.t('transfers.remark.slow', values);
  if (event === 'hedged') return i18next.t('transfers.remark.hedged', values);
  return digest ? i18next.t('transfers.remark.failed', values) : i18next.t('transfers.remark.notGiven', values);
}

interface TransferHeadProps {
  transfer: Transfer;
  fold: { open: boolean; set: (open: boolean) => void } | undefined;
}

function TransferHead({ transfer, fold }: TransferHeadProps) {
  const { t } = useTranslation();
  const { kind, reference, platform, state } = transfer;
  const Sign = kind === 'pull' ? ArrowDownToLine : ArrowUpFromLine;
  const FoldSign = fold?.open ? ChevronDown : ChevronRight;
  return (
    <div className="flex h-6 items-center gap-2">
      {fold && (
        <button
          type="button"
          aria-expanded={fold.open}
          aria-label={t('transfers.layersOf', { name: reference })}
          className="-ml-1.5 rounded-1 text-fg-4 hover:text-fg-1"
          onClick={() => fold.set(!fold.open)}
        >
          <FoldSign size={14} aria-hidden />
        </button>
      )}
      <Sign size={16} className="flex-none text-fg-3" aria-hidden />
      <span className="max-w-3/5 font-medium">
        <MiddleCut
          text={reference}
          tail={splitReference(reference).tag.slice(0, 40)}
          tailClassName="font-normal text-fg-4"
        />
      </span>
      {platform && <span className="whitespace-nowrap text-small text-fg-3">{platform}</span>}
      <Sources transfer={transfer} />
      <span className="flex-1" />
      <Figures transfer={transfer} />
      {isUnderWay(transfer) && transfer.detailed && transfer.owner === 'engine' && (
        <PauseButton id={transfer.id} paused={state === 'paused'} />
      )}
      {isUnderWay(transfer) && (
        <IconButton
          small
          icon={X}
          label={t(kind === 'pull' ? 'transfers.cancelPull' : 'transfers.cancelPush')}
          onClick={() => void cancelTransfer(transfer.id)}
        />
      )}
    </div>
  );
}

function PauseButton({ id, paused }: { id: string; paused: boolean }) {
  const { t } = useTranslation();
  return (
    <Button
      size="small"
      icon={paused ? Play : Pause}
      onClick={() => void (paused ? resumeTransfer(id) : pauseTransfer(id))}
    >
      {t(paused ? 'transfers.resume' : 'transfers.pause')}
    </Button>
  );
}

/** Who gives it, so far. */
function Sources({ transfer }: { transfer: Transfer }) {
  const { t } = useTranslation();
  const names = sourcesOf(transfer).map(({ endpoint }) => endpointName(endpoint));
  if (names.length === 0) return null;
  const list = new Intl.ListFormat(i18next.language, { type: 'conjunction' }).format(names);
  return (
    <span
      className="transfer-wide min-w-0 flex-initial overflow-hidden text-ellipsis whitespace-nowrap text-small text-fg-3"
      title={list}
    >
      {t('transfers.from', { sources: list })}
    </span>
  );
}

function Figures({ transfer }: { transfer: Transfer }) {
  const { t } = useTranslation();
  const { state, current, total, speed, layers } = transfer;
  const left = timeLeft(transfer);
  const figure = 'whitespace-nowrap text-small tabular-nums text-fg-3';
  if (state === 'paused')
    return (
      <span className={figure}>{t('transfers.pausedAt', { current: sizeText(current), total: sizeText(total) })}</span>
    );
  if (state !== 'running') return null;
  if (layers.length === 0) return <span className={figure}>{t('transfers.asking')}</span>;
  return (
    <>
      {total > 0 && (
        <span className={figure}>{t('transfers.of', { current: sizeText(current), total: sizeText(total) })}</span>
      )}
      {speed > 0 && <span className={figure}>{t('transfers.perSecond', { size: sizeText(speed) })}</span>}
      {left !== undefined && <span className={figure}>{t('transfers.left', { span: ageSpan(left) })}</span>}
    </>
  );
}

import { Copy, Play, RotateCw } from 'lucide-react';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Transfer } from '../../../electron/bridge/transfers.ts';
import { call } from '../../host/bridge-client.ts';
import { sizeText } from '../../host/figures.ts';
import { noticeDone, noticeFailed } from '../../host/notices.ts';
import { request } from '../../host/requests.ts';
import { TransferBlock } from '../../host/transfers/transfer-block.tsx';
import { TransferFailure } from '../../host/transfers/transfer-failure.tsx';
import { endpointName, sourcesOf } from '../../host/transfers/transfer-figures.ts';
import { reportOf } from '../../host/transfers/transfer-report.ts';
import { cancelTransfer, isUnderWay, showTransfer, useTransfers } from '../../host/transfers/transfer-store.ts';
import { Banner } from '../../ui/banner.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Spinner } from '../../ui/spinner.tsx';

/** How a pull or push goes, and how it ended. Closing it changes nothing: the work goes on. */
export function TransferDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const current = useTransfers((state) => state.transfers.find((each) => each.id === id));
  // a login or another tag may be wanted when the engine has forgotten it already
  const [last, setLast] = useState<Transfer>();
  useEffect(() => {
    if (current) setLast(current);
  }, [current]);
  useEffect(() => showTransfer(id), [id]);
  const close = useRef<HTMLButtonElement>(null);
  const transfer = current ?? last;
  const push = transfer?.kind === 'push';
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={t(push ? 'pull.pushTitle' : 'pull.title')}
      closeLabel={t('app.close')}
      focus={close}
      footer={<Footer {...{ transfer, onClose, close }} />}
    >
      <div className="pb-3">
        {!transfer && (
          <p className="flex items-center gap-2 text-fg-3">
            <Spinner /> {t('transfers.asking')}
          </p>
        )}
        {transfer?.state === 'failed' && (
          <TransferFailure
            transfer={transfer}
            actions={
              !push && (
                <Button onClick={() => request({ kind: 'pull', image: transfer.reference })}>
                  {t('pull.otherName')}
                </Button>
              )
            }
          />
        )}
        {transfer && transfer.state !== 'failed' && (
          <>
            <Ended transfer={transfer} />
            <div className="rounded-3 bg-surface-0 py-2.5 pr-3 pl-4">
              <TransferBlock transfer={transfer} />
            </div>
            {transfer.state === 'done' && <ServedBy transfer={transfer} />}
          </>
        )}
      </div>
    </Dialog>
  );
}

function Ended({ transfer }: { transfer: Transfer }) {
  const { t } = useTranslation();
  const { state, kind, reference: name, tagFrom } = transfer;
  if (isUnderWay(transfer)) return null;
  const unverified = tagFrom?.verified === false;
  const title =
    state === 'cancelled'
      ? t('pull.cancelled')
      : t(kind === 'pull' ? 'transfers.pulled' : 'transfers.pushed', { name });
  return (
    <div className="-mx-4">
      <Banner tone={unverified ? 'warning' : 'info'} title={title}>
        {unverified && t('pull.unverified', { endpoint: endpointName(tagFrom.endpoint) })}
        {state === 'cancelled' && kind === 'pull' && t('pull.keptParts')}
      </Banner>
    </div>
  );
}

/** Who gave how much of it. */
function ServedBy({ transfer }: { transfer: Transfer }) {
  const { t } = useTranslation();
  const sources = sourcesOf(transfer);
  if (sources.length === 0) return null;
  return (
    <dl aria-label={t('pull.servedBy')} className="mt-4 grid grid-cols-[104px_minmax(0,1fr)] gap-x-4 gap-y-1">
      <dt className="row-span-full text-fg-3">{t('pull.servedBy')}</dt>
      {sources.map(({ endpoint, bytes }) => (
        <dd key={endpoint} className="col-start-2 flex gap-3">
          <span className="[overflow-wrap:anywhere]">{endpointName(endpoint)}</span>
          <span className="text-small leading-5 tabular-nums text-fg-3">{sizeText(bytes)}</span>
        </dd>
      ))}
    </dl>
  );
}

interface FooterProps {
  transfer: Transfer | undefined;
  onClose: () => void;
  close: RefObject<HTMLButtonElement | null>;
}

function Footer({ transfer, onClose, close }: FooterProps) {
  const { t } = useTranslation();
  const closeButton = (
    <Button ref={close} onClick={onClose}>
      {t('app.close')}
    </Button>
  );
  if (!transfer) return <span className="ml-auto">{closeButton}</span>;
  const { id, kind, reference, platform, state } = transfer;
  const copy = () => void navigator.clipboard.writeText(reportOf(transfer)).then(() => noticeDone(t('app.copied')));
  const again = async () => {
    const outcome =
      kind === 'pull'
        ? await call('transfers.pull', { reference, ...(platform && { platform }) })
        : await call('transfers.push', { reference });
    const title = () => t(kind === 'pull' ? 'transfers.notPulled' : 'transfers.notPushed', { name: reference });
    if (!outcome.ok) return noticeFailed(title, outcome.failure);
    void cancelTransfer(id);
    request({ kind: 'transfer', id: outcome.value.id });
  };
  return (
    <>
      {isUnderWay(transfer) ? (
        <p className="min-w-0 flex-1 text-small text-fg-3">{t('pull.goesOn')}</p>
      ) : (
        <>
          <Button kind="quiet" icon={Copy} onClick={copy}>
            {t('pull.copyReport')}
          </Button>
          <span className="flex-1" />
        </>
      )}
      {closeButton}
      {(state === 'failed' || state === 'cancelled') && (
        <Button icon={RotateCw} onClick={() => void again()}>
          {t('app.tryAgain')}
        </Button>
      )}
      {state === 'done' && kind === 'pull' && (
        <Button kind="primary" icon={Play} onClick={() => request({ kind: 'run', image: reference })}>
          {t('containers.run')}
        </Button>
      )}
    </>
  );
}

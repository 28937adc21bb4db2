import i18next from 'i18next';
import { LogIn } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Transfer, TransferNote } from '../../../electron/bridge/transfers.ts';
import { Button } from '../../ui/button.tsx';
import { navigate } from '../../ui/hash-route.ts';
import { StatusGlyph } from '../../ui/status-glyph.tsx';
import { failureText } from '../failure-text.ts';
import { ageSpan } from '../figures.ts';
import { closeRequest } from '../requests.ts';
import { type AskedLine, askedLines, endpointName } from './transfer-figures.ts';
import { missingLogin } from './transfer-report.ts';
import { failureOf } from './transfer-store.ts';

export interface TransferFailureProps {
  transfer: Transfer;
  /** Further ways on. */
  actions?: ReactNode;
}

/** Why a pull or push failed, what helps, and every endpoint that was asked. */
export function TransferFailure({ transfer, actions }: TransferFailureProps) {
  const { t } = useTranslation();
  const failure = failureOf(transfer);
  const host = missingLogin(transfer);
  const signIn = () => {
    closeRequest();
    navigate('/settings/registries');
  };
  return (
    <div role="alert">
      <div className="grid grid-cols-[16px_minmax(0,1fr)] gap-x-3">
        <span className="mt-0.5">
          <StatusGlyph shape="cross" />
        </span>
        <div>
          <h3 className="font-semibold">{titleOf(transfer, host)}</h3>
          {failure && (
            <p className="selectable mt-0.5 text-fg-2 leading-(--leading-prose) [overflow-wrap:anywhere]">
              {failureText(failure)}
            </p>
          )}
          {(host || actions) && (
            <div className="mt-2.5 flex flex-wrap gap-2">
              {host && (
                <Button icon={LogIn} kind="primary" onClick={signIn}>
                  {t('transfers.signIn', { host })}
                </Button>
              )}
              {actions}
            </div>
          )}
        </div>
      </div>
      <Asked transfer={transfer} />
    </div>
  );
}

function titleOf({ kind, reference: name, error }: Transfer, host: string | undefined): string {
  if (host) return i18next.t('transfers.wantsLogin', { host });
  if (error?.reason === 'image.manifest-unknown') return i18next.t('transfers.noSuchImage', { name });
  return i18next.t(kind === 'pull' ? 'transfers.notPulled' : 'transfers.notPushed', { name });
}

function Asked({ transfer }: { transfer: Transfer }) {
  const { t } = useTranslation();
  const lines = askedLines(transfer.log);
  if (lines.length === 0) return null;
  const { startedAt, endedAt } = transfer;
  return (
    <section className="mt-5">
      <div className="flex items-baseline border-line-1 border-b pb-1.5">
        <h3 className="font-semibold">{t('transfers.asked.title')}</h3>
        <span className="flex-1" />
        {endedAt !== undefined && (
          <span className="text-small tabular-nums text-fg-3">
            {t('transfers.asked.inAll', { span: ageSpan(endedAt - startedAt, true) })}
          </span>
        )}
      </div>
      <ol
        aria-label={t('transfers.asked.title')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
        tabIndex={0}
        className="max-h-64 divide-y divide-line-1 overflow-y-auto rounded-1"
      >
        {lines.map((line, index) => (
          // a line is known by its place
          <AskedRow key={`${index} ${line.note.at}`} {...line} />
        ))}
      </ol>
    </section>
  );
}

function AskedRow({ note, times }: AskedLine) {
  const { t } = useTranslation();
  const bad = note.event === 'failed' || note.event === 'slow';
  return (
    <li className="grid grid-cols-[16px_minmax(0,168px)_60px_minmax(0,1fr)] items-start gap-x-3 py-2 text-small leading-5">
      <span className="mt-0.5">
        <StatusGlyph shape={note.event === 'served' ? 'dot' : bad ? 'cross' : 'ring'} />
      </span>
      <span className="min-w-0">
        <span className="block text-body text-fg-1 [overflow-wrap:anywhere]">{endpointName(note.endpoint)}</span>
        <span className="block text-fg-3">
          {t(note.role === 'upstream' ? 'transfers.asked.upstream' : 'transfers.asked.mirror')}
        </span>
      </span>
      <span className="text-right tabular-nums text-fg-3">
        {note.took === undefined ? '' : ageSpan(note.took, true)}
      </span>
      <span className="selectable text-fg-2 [overflow-wrap:anywhere]">
        {note.status !== undefined && (
          <span className={bad ? 'text-error-text' : undefined}>{t('transfers.asked.status', { n: note.status })}</span>
        )}
        {answerText(note)}
        {times > 1 && <span className="text-fg-4"> {t('transfers.asked.times', { count: times })}</span>}
      </span>
    </li>
  );
}

const things = {
  tag: 'transfers.asked.tag',
  manifest: 'transfers.asked.manifest',
  config: 'transfers.asked.config',
  layer: 'transfers.asked.layer',
} as const satisfies Record<TransferNote['what'], string>;

function answerText({ event, what, reason, params = {}, message = '' }: TransferNote): string {
  const thing = i18next.t(things[what]);
  const why = reason || message ? failureText({ code: 'internal', message, params, ...(reason && { reason }) }) : '';
  switch (event) {
    case 'served':
      return i18next.t('transfers.asked.served', { thing });
    case 'hedged':
      return i18next.t('transfers.asked.hedged', { thing });
    case 'slow':
      return i18next.t('transfers.asked.slow', { thing });
    case 'passed-over':
      return i18next.t('transfers.asked.passedOver', { why });
    case 'failed':
      return why || i18next.t('transfers.asked.failed', { thing });
  }
}

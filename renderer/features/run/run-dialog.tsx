import { Copy } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../electron/bridge/failure.ts';
import { failureText } from '../../host/failure-text.ts';
import { noticeDone } from '../../host/notices.ts';
import { TransferBlock } from '../../host/transfers/transfer-block.tsx';
import { TransferFailure } from '../../host/transfers/transfer-failure.tsx';
import { useTransfers } from '../../host/transfers/transfer-store.ts';
import { Banner } from '../../ui/banner.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { useDialogChord } from '../../ui/use-dialog-chord.ts';
import { asDockerRun } from './form-request.ts';
import { RunFields } from './run-fields.tsx';
import { emptyForm, type RunForm } from './run-form.ts';
import { usePaused } from './use-paused.ts';
import { usePortCheck } from './use-port-check.ts';
import { useRun } from './use-run.ts';

export interface RunDialogProps {
  image: string;
  onClose: () => void;
}

/** The form with a host port that is taken replaced. */
function withPort(form: RunForm, from: number, to: number): RunForm {
  return {
    ...form,
    ports: form.ports.map((row) => (row.host.trim() === String(from) ? { ...row, host: String(to) } : row)),
  };
}

/** Runs an image; one that is not on this computer is pulled first. */
export function RunDialog({ image, onClose }: RunDialogProps) {
  const { t } = useTranslation();
  const [form, setForm] = useState(() => emptyForm(image));
  const settled = usePaused(form, 400);
  const run = useRun(form, onClose);
  const taken = usePortCheck(form, settled.value);
  const possible = run.possible && taken.size === 0;
  const first = useRef<HTMLInputElement>(null);
  const go = (start: boolean) => possible && run.go(start);
  useDialogChord(() => go(true));
  const useFreePort = (from: number, to: number) => {
    const next = withPort(form, from, to);
    setForm(next);
    run.go(true, next);
  };
  const copy = () =>
    void navigator.clipboard.writeText(asDockerRun(form)).then(() => noticeDone(t('app.copied'), asDockerRun(form)));
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('run.title')}
      closeLabel={t('app.close')}
      focus={first}
      onSubmit={() => go(true)}
      footer={
        <>
          <Button kind="quiet" icon={Copy} disabled={form.image.trim() === ''} onClick={copy}>
            {t('run.copy')}
          </Button>
          <span className="flex-1" />
          <Button disabled={!possible} busy={run.busy === 'create'} onClick={() => go(false)}>
            {t('run.createOnly')}
          </Button>
          <Button
            kind="primary"
            type="submit"
            disabled={!possible}
            busy={run.busy === 'run'}
            keyHint={t('keys.ctrlEnter')}
          >
            {t('containers.run')}
          </Button>
        </>
      }
    >
      {run.failure && !run.failedPull && <Failed failure={run.failure} useFreePort={useFreePort} />}
      <Pull id={run.pulling ?? run.failedPull} />
      <RunFields
        form={form}
        settled={settled}
        change={(part) => setForm((old) => ({ ...old, ...part }))}
        others={run.others}
        taken={taken}
        first={first}
        onClose={onClose}
      />
    </Dialog>
  );
}

/** The pull of an image that was missing: how it goes, or why it did not. */
function Pull({ id }: { id: string | undefined }) {
  const { t } = useTranslation();
  const transfer = useTransfers((state) => state.transfers.find((each) => each.id === id));
  if (!transfer) return null;
  if (transfer.state === 'failed') {
    return (
      <div className="mb-4 border-line-1 border-b pb-4">
        <TransferFailure transfer={transfer} />
      </div>
    );
  }
  return (
    <section aria-label={t('pull.title')} className="mb-4 rounded-3 bg-surface-0 py-2.5 pr-3 pl-4">
      <TransferBlock transfer={transfer} />
      <p className="mt-1 text-small text-fg-3">{t('run.runsAfterwards')}</p>
    </section>
  );
}

interface FailedProps {
  failure: Failure;
  useFreePort: (from: number, to: number) => void;
}

/** Why the last attempt failed; a port that was taken meanwhile can be replaced at once. */
function Failed({ failure, useFreePort }: FailedProps) {
  const { t } = useTranslation();
  const { port, nextFree } = failure.params;
  const mendable = failure.reason?.startsWith('container.port-taken') && nextFree !== undefined;
  return (
    <div className="-mx-4">
      <Banner
        tone="error"
        title={t('run.failed')}
        actions={
          mendable && (
            <Button size="small" onClick={() => useFreePort(Number(port), Number(nextFree))}>
              {t('ports.use', { port: nextFree })}
            </Button>
          )
        }
      >
        {failureText(failure)}
      </Banner>
    </div>
  );
}

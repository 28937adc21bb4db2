import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../electron/bridge/failure.ts';
import { call } from '../../host/bridge-client.ts';
import { warningText } from '../../host/failure-text.ts';
import { useHost } from '../../host/host-store.ts';
import { noticeDone } from '../../host/notices.ts';
import { familiarName } from '../../host/references.ts';
import { endOfTransfer, failureOf, showTransfer } from '../../host/transfers/transfer-store.ts';
import { problemsOf } from './form-problems.ts';
import { requestOf } from './form-request.ts';
import { findImage, type RunForm } from './run-form.ts';

/** A start that failed: why, and the container that was made for it and stays, or the pull that was to bring its image. */
interface Failed {
  readonly failure: Failure;
  readonly id?: string;
  readonly pull?: string;
}

const cancelled: Failure = { code: 'cancelled', message: 'Cancelled.', params: {} };

/** Brings an image that is not here; `told` the pull that does. */
async function pullImage(reference: string, told: (id: string | undefined) => void): Promise<Failed | undefined> {
  const begun = await call('transfers.pull', { reference });
  if (!begun.ok) return { failure: begun.failure };
  const { id } = begun.value;
  told(id);
  const quiet = showTransfer(id);
  const ended = await endOfTransfer(id);
  quiet();
  told(undefined);
  if (ended?.state === 'done') return undefined;
  const failure = ended && failureOf(ended);
  return failure ? { failure, pull: id } : { failure: cancelled };
}

/**
 * Runs the form. When the start fails the container stays, as with `docker run`; whoever tries again from the same dialog
 * means the same container, so the one that never ran is removed first.
 */
export function useRun(form: RunForm, onClose: () => void) {
  const { t } = useTranslation();
  const images = useHost((state) => state.images);
  const containers = useHost((state) => state.containers);
  const [busy, setBusy] = useState<'run' | 'create'>();
  const [pulling, setPulling] = useState<string>();
  const left = useRef(false);
  useEffect(() => {
    left.current = false;
    return () => {
      left.current = true;
    };
  }, []);
  const [failed, setFailed] = useState<Failed>();
  const others = Object.values(containers).filter(({ id }) => id !== failed?.id);
  const problems = problemsOf(form, Object.values(images), others);

  const attempt = async (wanted: RunForm, start: boolean): Promise<Failed | undefined> => {
    if (failed?.id !== undefined) {
      const removed = await call('containers.remove', { id: failed.id });
      if (!removed.ok && removed.failure.code !== 'not-found') return { failure: removed.failure, id: failed.id };
    }
    const image = wanted.image.trim();
    if (!findImage(Object.values(useHost.getState().images), image)) {
      const missing = await pullImage(familiarName(image), setPulling);
      if (missing) return missing;
      // whoever closed the dialog meanwhile has the image, and wants no container any more
      if (left.current) return undefined;
    }
    const created = await call('containers.create', requestOf(wanted));
    if (!created.ok) return { failure: created.failure };
    const { id, warnings } = created.value;
    const started = start ? await call('containers.start', { id }) : undefined;
    if (started && !started.ok) return { failure: started.failure, id };
    onClose();
    if (warnings.length > 0) noticeDone(t('run.warnings'), warnings.map(warningText).join('\n'));
    return undefined;
  };
  const go = async (start: boolean, wanted: RunForm) => {
    if (busy || problemsOf(wanted, Object.values(images), others).length > 0) return;
    setBusy(start ? 'run' : 'create');
    const result = await attempt(wanted, start);
    setBusy(undefined);
    setFailed(result);
  };
  return {
    possible: problems.length === 0,
    problems,
    busy,
    failure: failed?.failure,
    /** The pull that is under way for it. */
    pulling,
    /** The pull that failed. */
    failedPull: failed?.pull,
    /** Containers that have names and ports of their own: all but the one of the last attempt. */
    others,
    /** @param wanted instead of the form as it is */
    go: (start: boolean, wanted = form) => void go(start, wanted),
  };
}

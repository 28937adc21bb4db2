import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answerQuit, useApp } from '../host/app-store.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { Question } from '../ui/dialog.tsx';
import { Spinner } from '../ui/spinner.tsx';

/** Asked once, when the app is quit while containers run: keep them running, or stop them all. */
export function QuitQuestion() {
  const { t } = useTranslation();
  const running = useApp((state) => state.quitAsks);
  const stopping = useApp((state) => state.stopping);
  const [remember, setRemember] = useState(true);
  const safe = useRef<HTMLButtonElement>(null);
  if (stopping !== undefined) {
    return (
      <Question open onClose={() => {}} title={t('app.quit.stoppingTitle')} focus={safe} buttons={null}>
        <p role="status" className="flex items-center gap-2">
          <Spinner />
          {t('app.quit.stoppingText', { count: stopping })}
        </p>
      </Question>
    );
  }
  return (
    <Question
      open={running !== undefined}
      onClose={() => void answerQuit('cancel', false)}
      title={t('app.quit.title', { count: running ?? 0 })}
      focus={safe}
      buttons={
        <>
          <Button kind="quiet" onClick={() => void answerQuit('cancel', false)}>
            {t('app.cancel')}
          </Button>
          <span className="flex-1" />
          <Button ref={safe} onClick={() => void answerQuit('keep', remember)}>
            {t('app.quit.keep')}
          </Button>
          <Button kind="danger" onClick={() => void answerQuit('stop', remember)}>
            {t('app.quit.stop')}
          </Button>
        </>
      }
    >
      <p>{t('app.quit.text')}</p>
      <div className="mt-3">
        <Checkbox checked={remember} onChange={setRemember} label={t('app.quit.remember')} />
      </div>
    </Question>
  );
}

import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { KeyHint } from '../ui/key-hint.tsx';
import { sections } from './sections.ts';

/** Every key, by what it does. */
export function KeysDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const close = useRef<HTMLButtonElement>(null);
  const keys = [
    ...sections.map((section, index) => [t(section.title), t('keys.section', { number: index + 1 })] as const),
    [t('keys.run'), t('keys.ctrlN')],
    [t('keys.search'), '/'],
    [t('keys.move'), '↑ ↓ J K'],
    [t('keys.select'), t('keys.space')],
    [t('keys.extend'), t('keys.shiftArrows')],
    [t('keys.open'), t('keys.enter')],
    [t('keys.startStop'), 'S'],
    [t('containers.restart'), 'R'],
    [t('containers.logs'), 'L'],
    [t('ports.open'), 'O'],
    [t('terminals.title'), 'T'],
    [t('keys.closeTerminal'), t('terminals.closeKeys')],
    [t('containers.remove'), t('keys.del')],
    [t('keys.live'), t('keys.end')],
    [t('keys.back'), t('keys.esc')],
    [t('keys.quit'), t('keys.ctrlQ')],
    [t('keys.list'), '?'],
  ] as const;
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('keys.title')}
      closeLabel={t('app.close')}
      focus={close}
      footer={
        <>
          <span className="flex-1" />
          <Button ref={close} onClick={onClose}>
            {t('app.close')}
          </Button>
        </>
      }
    >
      <dl className="grid grid-cols-2 gap-x-10 pb-3">
        {keys.map(([what, key]) => (
          // what is done may have two keys
          <div key={`${what} ${key}`} className="flex h-7 items-center">
            <dt className="flex-1 text-fg-2">{what}</dt>
            <dd className="flex gap-1">
              {key.split(' ').map((part) => (
                <KeyHint key={part} keys={part} />
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

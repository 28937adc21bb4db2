import { useTranslation } from 'react-i18next';
import { requestFile } from '../../host/requests.ts';
import { Button } from '../../ui/button.tsx';
import { navigate } from '../../ui/hash-route.ts';
import type { Problem } from './form-problems.ts';
import { splitCommand } from './split-command.ts';

/** The image is not here: it is pulled first; or comes from a file. */
export function MissingImageHint({ text, onLoad }: { text: string; onLoad: () => void }) {
  const { t } = useTranslation();
  const load = () => {
    onLoad();
    navigate('/images');
    requestFile();
  };
  return (
    <span className="flex flex-wrap items-center gap-x-1.5">
      <span className="[overflow-wrap:anywhere]">{t('run.pulledFirst', { image: text.trim() })}</span>
      <button type="button" className="rounded-1 text-link hover:underline" onClick={load}>
        {t('images.loadFile')}
      </button>
    </span>
  );
}

export function NameError({ problem, name, use }: { problem: Problem; name: string; use: (name: string) => void }) {
  const { t } = useTranslation();
  const instead = problem.field === 'name' ? problem.instead : '';
  return (
    <>
      <span>{problem.kind === 'taken' ? t('run.nameTaken', { name }) : t('run.nameCharacters')}</span>
      {instead && (
        <Button size="small" onClick={() => use(instead)}>
          {t('run.useName', { name: instead })}
        </Button>
      )}
    </>
  );
}

/** What the command line becomes: each argument by itself. */
export function CommandHint({ line }: { line: string }) {
  const { t } = useTranslation();
  const split = splitCommand(line);
  if (!split.ok || split.args.length === 0) return null;
  return (
    <ul className="flex flex-wrap items-center gap-1" aria-label={t('run.arguments')}>
      {split.args.map((argument, index) => (
        // An argument is known by its place.
        <li key={`${index} ${argument}`} className="max-w-full">
          <code className="mono block whitespace-pre-wrap rounded-1 bg-surface-3 px-1.25 text-caption leading-4 text-fg-2 [overflow-wrap:anywhere]">
            {argument === '' ? t('run.emptyArgument') : argument}
          </code>
        </li>
      ))}
    </ul>
  );
}

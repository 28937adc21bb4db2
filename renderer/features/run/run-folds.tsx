import { useTranslation } from 'react-i18next';
import { Fold } from '../../ui/fold.tsx';
import { Select } from '../../ui/select.tsx';
import { Field, TextInput } from '../../ui/text-field.tsx';
import { MemoryRows } from './folder-rows.tsx';
import type { Problem, RowProblem } from './form-problems.ts';
import { isBlank, type MemoryRow, type RestartPolicy, type RunForm } from './run-form.ts';

export interface RunFoldsProps {
  form: RunForm;
  change: (part: Partial<RunForm>) => void;
  triesProblem: Problem | undefined;
  memoryProblem: (row: MemoryRow) => RowProblem | undefined;
}

/** What few containers need: each fold tells how it is. */
export function RunFolds({ form, change, triesProblem, memoryProblem }: RunFoldsProps) {
  const { t } = useTranslation();
  const policies: readonly { value: RestartPolicy; text: string }[] = [
    { value: 'no', text: t('run.restartNo') },
    { value: 'on-failure', text: t('run.restartOnFailure') },
    { value: 'always', text: t('run.restartAlways') },
    { value: 'unless-stopped', text: t('run.restartUnlessStopped') },
  ];
  const policy = policies.find(({ value }) => value === form.restart)?.text ?? '';
  const count = form.restart === 'on-failure' ? Number(form.tries) : 0;
  const targets = form.memory.filter((row) => !isBlank.memory(row)).map(({ target }) => target.trim());
  return (
    <>
      <Fold title={t('run.restart')} value={count > 0 ? t('run.restartTries', { policy, tries: count }) : policy}>
        <Field label={t('run.policy')} error={triesProblem && <span>{t('run.triesBad')}</span>}>
          {(ids) => (
            <div className="flex items-center gap-2">
              <Select
                label={t('run.policy')}
                value={form.restart}
                options={policies}
                onChange={(restart) => change({ restart })}
              />
              {form.restart === 'on-failure' && (
                <TextInput
                  {...ids}
                  className="w-36"
                  value={form.tries}
                  bad={triesProblem !== undefined}
                  aria-label={t('run.tries')}
                  placeholder={t('run.triesUnlimited')}
                  end={<span className="text-small text-fg-4">{t('run.times')}</span>}
                  onChange={(tries) => change({ tries })}
                />
              )}
            </div>
          )}
        </Field>
      </Fold>
      <Fold title={t('run.memory')} value={targets.length > 0 ? targets.join(', ') : t('run.none')}>
        <MemoryRows rows={form.memory} onChange={(memory) => change({ memory })} problemOf={memoryProblem} />
      </Fold>
    </>
  );
}

import { Layers } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Container } from '../../../electron/bridge/host.ts';
import type { ImageFacts, PortAnswer } from '../../../electron/bridge/ports.ts';
import { call } from '../../host/bridge-client.ts';
import { sizeText } from '../../host/figures.ts';
import { useHost } from '../../host/host-store.ts';
import { SuggestInput } from '../../ui/suggest-input.tsx';
import { afterBlur, Field, TextInput } from '../../ui/text-field.tsx';
import { FolderRows } from './folder-rows.tsx';
import { type Problem, problemsOf, type RowProblem } from './form-problems.ts';
import { PortRows } from './port-rows.tsx';
import { RunFolds } from './run-folds.tsx';
import { findImage, type RunForm } from './run-form.ts';
import { CommandHint, MissingImageHint, NameError } from './run-hints.tsx';
import { quoteArgument } from './split-command.ts';
import { VariableRows } from './variable-rows.tsx';

export interface RunFieldsProps {
  form: RunForm;
  /** The form once it rested: no word is judged while it grows. */
  settled: { value: RunForm; settle: () => void };
  change: (part: Partial<RunForm>) => void;
  others: readonly Container[];
  taken: ReadonlyMap<number, PortAnswer>;
  first: React.RefObject<HTMLInputElement | null>;
  onClose: () => void;
}

type Texts = 'image' | 'name' | 'command' | 'tries';

/** Problems of what has rested and is still so. */
function useProblems(form: RunForm, settled: RunForm, others: readonly Container[]) {
  const images = useHost((state) => state.images);
  const problems = problemsOf(settled, Object.values(images), others);
  return {
    of: (field: Texts): Problem | undefined =>
      form[field] !== '' && settled[field] === form[field] ? problems.find((each) => each.field === field) : undefined,
    ofRow: (row: { readonly key: number }): RowProblem | undefined => {
      const rested = [...settled.ports, ...settled.environment, ...settled.folders, ...settled.memory];
      if (!rested.includes(row as (typeof rested)[number])) return undefined;
      return problems.find((each): each is RowProblem => 'row' in each && each.row === row.key);
    },
  };
}

function useImageFacts(id: string | undefined): ImageFacts | undefined {
  const [facts, setFacts] = useState<{ id: string; facts: ImageFacts }>();
  useEffect(() => {
    if (id === undefined) return;
    void call('images.facts', { id }).then((outcome) => outcome.ok && setFacts({ id, facts: outcome.value }));
  }, [id]);
  return facts?.id === id ? facts?.facts : undefined;
}

/** Everything that a container can be given, from top to bottom. */
export function RunFields(props: RunFieldsProps) {
  const { form, settled, change, others, taken, onClose } = props;
  const images = useHost((state) => state.images);
  const problems = useProblems(form, settled.value, others);
  const facts = useImageFacts(findImage(Object.values(images), form.image)?.id);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: leaving a field checks it at once
    <div onBlur={afterBlur(settled.settle)}>
      <TextFields {...props} problemOf={problems.of} facts={facts} />
      <PortRows
        rows={form.ports}
        onChange={(ports) => change({ ports })}
        problemOf={problems.ofRow}
        taken={taken}
        exposed={facts?.exposedPorts ?? []}
        onLeave={onClose}
      />
      <VariableRows
        rows={form.environment}
        onChange={(environment) => change({ environment })}
        problemOf={problems.ofRow}
      />
      <FolderRows rows={form.folders} onChange={(folders) => change({ folders })} problemOf={problems.ofRow} />
      <RunFolds form={form} change={change} triesProblem={problems.of('tries')} memoryProblem={problems.ofRow} />
    </div>
  );
}

interface TextFieldsProps extends RunFieldsProps {
  problemOf: (field: Texts) => Problem | undefined;
  facts: ImageFacts | undefined;
}

function TextFields({ form, change, first, settled, problemOf, facts, onClose }: TextFieldsProps) {
  const { t } = useTranslation();
  const name = problemOf('name');
  const command = problemOf('command');
  const standard = facts?.command.map(quoteArgument).join(' ');
  return (
    <>
      <ImageField {...{ form, change, first, settled, onClose }} problem={problemOf('image')} />
      <Field
        label={t('run.name')}
        error={name && <NameError problem={name} name={form.name} use={(next) => change({ name: next })} />}
      >
        {(ids) => (
          <TextInput
            {...ids}
            ref={form.image === '' ? undefined : first}
            value={form.name}
            bad={name !== undefined}
            placeholder={t('run.namePlaceholder')}
            onChange={(text) => change({ name: text })}
          />
        )}
      </Field>
      <Field
        label={t('run.command')}
        error={command && t(command.kind === 'backslash' ? 'run.openBackslash' : 'run.openQuote')}
        hint={form.command.trim() && <CommandHint line={form.command} />}
      >
        {(ids) => (
          <TextInput
            {...ids}
            mono
            value={form.command}
            bad={command !== undefined}
            placeholder={standard ? t('run.commandOfImage', { command: standard }) : t('run.commandPlaceholder')}
            onChange={(text) => change({ command: text })}
          />
        )}
      </Field>
    </>
  );
}

interface ImageFieldProps extends Pick<RunFieldsProps, 'form' | 'change' | 'first' | 'onClose' | 'settled'> {
  problem: Problem | undefined;
}

function ImageField({ form, change, first, problem, onClose, settled }: ImageFieldProps) {
  const { t } = useTranslation();
  const images = useHost((state) => state.images);
  const all = useMemo(() => Object.values(images), [images]);
  const found = findImage(all, form.image);
  // no word is judged while it grows
  const missing = !found && !problem && form.image.trim() !== '' && settled.value.image === form.image;
  const suggestions = useMemo(
    () => all.flatMap((each) => each.references.map((value) => ({ value, fact: sizeText(each.size) }))),
    [all],
  );
  return (
    <Field
      label={t('run.image')}
      error={problem && t('pull.badName')}
      hint={missing && <MissingImageHint text={form.image} onLoad={onClose} />}
    >
      {(ids) => (
        <SuggestInput
          {...ids}
          ref={form.image === '' ? first : undefined}
          value={form.image}
          onChange={(text) => change({ image: text })}
          suggestions={suggestions}
          listLabel={t('run.imagesHere')}
          icon={Layers}
          bad={problem !== undefined}
          placeholder={t('run.imagePlaceholder')}
          end={
            found && (
              <span className="whitespace-nowrap text-small tabular-nums text-fg-4">
                {t('run.here', { size: sizeText(found.size) })}
              </span>
            )
          }
        />
      )}
    </Field>
  );
}

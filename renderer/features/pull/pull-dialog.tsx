import i18next from 'i18next';
import { ArrowDownToLine } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../electron/bridge/failure.ts';
import { call } from '../../host/bridge-client.ts';
import { useOnline } from '../../host/engine-view.tsx';
import { failureText } from '../../host/failure-text.ts';
import { useHost } from '../../host/host-store.ts';
import { familiarName, isReference, repositoryOf, tagOf } from '../../host/references.ts';
import { request } from '../../host/requests.ts';
import { endpointName } from '../../host/transfers/transfer-figures.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { StatusGlyph } from '../../ui/status-glyph.tsx';
import { useDialogChord } from '../../ui/use-dialog-chord.ts';
import { NameField } from './name-field.tsx';
import { NameList, offerId } from './name-list.tsx';
import { completionOf, offersFor, repositoryToAsk } from './offers.ts';
import { TagList } from './tag-list.tsx';
import { useNames, useTags } from './use-registry.ts';

export interface PullDialogProps {
  /** What the field begins with. */
  image: string;
  onClose: () => void;
}

/** What of the field is known: names to go on with, and the tags of the one that it names. */
function useChoice(text: string, chosen: string) {
  const images = useHost((state) => state.images);
  const names = useNames(repositoryOf(familiarName(text)));
  const groups = offersFor(text, Object.values(images), names.answer?.value);
  const repository = repositoryToAsk(text, groups, chosen);
  const tags = useTags(repository);
  const current = tags.answer?.question === repository ? tags.answer : undefined;
  return { names, groups, repository, tags: current, asking: tags.busy };
}

/** Chooses an image of a registry; what is pulled is then shown in its own dialog. */
export function PullDialog({ image, onClose }: PullDialogProps) {
  const { t } = useTranslation();
  const online = useOnline();
  const [text, setText] = useState(image);
  const [chosen, setChosen] = useState(repositoryOf(image));
  const [platform, setPlatform] = useState('');
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const choice = useChoice(text, chosen);
  const field = useRef<HTMLInputElement>(null);
  const tagRows = useRef<HTMLDivElement>(null);
  const reference = familiarName(text);
  const possible = online && isReference(reference) && !busy;
  const take = (value: string) => {
    setText(value);
    setChosen(repositoryOf(value));
    setFailure(undefined);
  };
  const pull = async () => {
    if (!possible) return;
    setBusy(true);
    const outcome = await call('transfers.pull', { reference, ...(platform && { platform }) });
    setBusy(false);
    if (!outcome.ok) return setFailure(outcome.failure);
    request({ kind: 'transfer', id: outcome.value.id });
  };
  useDialogChord(() => void pull());
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={t('pull.title')}
      closeLabel={t('app.close')}
      focus={field}
      onSubmit={() => void pull()}
      footer={
        <>
          <Sentence {...{ text, reference, failure, endpoint: choice.tags?.value?.endpoint }} />
          <Button
            kind="primary"
            type="submit"
            icon={ArrowDownToLine}
            disabled={!possible}
            busy={busy}
            keyHint={t('keys.ctrlEnter')}
          >
            {t('pull.pull')}
          </Button>
        </>
      }
    >
      <Picker
        {...{ text, choice, take, field, tagRows, platform, setPlatform }}
        change={(next) => {
          setText(next);
          setFailure(undefined);
        }}
        pull={() => void pull()}
        bad={failure !== undefined}
      />
    </Dialog>
  );
}

interface PickerProps {
  text: string;
  change: (text: string) => void;
  choice: ReturnType<typeof useChoice>;
  take: (value: string) => void;
  field: React.RefObject<HTMLInputElement | null>;
  tagRows: React.RefObject<HTMLDivElement | null>;
  platform: string;
  setPlatform: (platform: string) => void;
  pull: () => void;
  bad: boolean;
}

function Picker({ text, change, choice, take, field, tagRows, platform, setPlatform, pull, bad }: PickerProps) {
  const list = useId();
  const [at, setAt] = useState(-1);
  // other names, other places
  useEffect(() => setAt(text === '' ? -1 : -1), [text]);
  const offers = choice.groups.flatMap((group) => group.offers);
  const completion = completionOf(text, choice.groups);
  const press = (event: KeyboardEvent) => {
    const offer = offers[at];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setAt(Math.max(-1, Math.min(offers.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1))));
    } else if (event.key === 'Tab' && !event.shiftKey && completion) {
      event.preventDefault();
      take(completion);
    } else if (event.key === 'Enter' && offer && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      take(offer.value);
    }
  };
  return (
    <>
      <NameField
        ref={field}
        value={text}
        onChange={change}
        completion={at < 0 ? completion : undefined}
        onKeyDown={press}
        listId={list}
        active={at >= 0 ? offerId(list, at) : undefined}
        expanded={offers.length > 0}
        bad={bad}
      />
      <div className="-mx-5 -mb-2 mt-3 grid h-[min(372px,calc(100vh-240px))] grid-cols-[216px_minmax(0,1fr)] border-line-1 border-t">
        <div className="flex min-h-0 flex-col border-line-1 border-r">
          <NameList
            id={list}
            groups={choice.groups}
            text={repositoryOf(familiarName(text))}
            at={at}
            onTake={take}
            unsearchable={choice.names.answer?.value?.unsearchable ?? []}
            busy={choice.names.busy}
            failed={choice.names.answer?.failure !== undefined}
          />
        </div>
        <TagList
          ref={tagRows}
          repository={choice.repository}
          tags={choice.tags?.value?.known === false ? undefined : choice.tags?.value?.tags}
          failure={choice.tags?.failure}
          busy={choice.asking}
          tag={tagOf(familiarName(text))}
          onTake={(tag) => take(`${choice.repository}:${tag}`)}
          onPull={pull}
          platform={platform}
          onPlatform={setPlatform}
        />
      </div>
    </>
  );
}

interface SentenceProps {
  text: string;
  reference: string;
  failure: Failure | undefined;
  endpoint: string | undefined;
}

/** What will be done, or why it cannot be. */
function Sentence({ text, reference, failure, endpoint }: SentenceProps) {
  const bad = failure || (text.trim() !== '' && !isReference(reference));
  return (
    <p
      role={bad ? 'alert' : undefined}
      className="flex min-w-0 flex-1 items-center gap-2 text-small text-fg-3 [overflow-wrap:anywhere]"
    >
      {bad && <StatusGlyph shape="cross" />}
      {sentenceOf({ text, reference, failure, endpoint })}
    </p>
  );
}

function sentenceOf({ text, reference, failure, endpoint }: SentenceProps): string {
  if (failure) return failureText(failure);
  if (text.trim() === '') return '';
  if (!isReference(reference)) return i18next.t('pull.badName');
  const name = reference === repositoryOf(reference) ? `${reference}:latest` : reference;
  return endpoint
    ? i18next.t('pull.willFrom', { name, endpoint: endpointName(endpoint) })
    : i18next.t('pull.will', { name });
}

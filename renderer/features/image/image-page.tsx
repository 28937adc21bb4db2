import { ArrowLeft, Box, ChevronRight, Ellipsis, Play, ShieldAlert, Tag, Upload } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Image } from '../../../electron/bridge/host.ts';
import { logsPath } from '../../host/container-menu.ts';
import { EngineBanner, EngineInsteadOfList, useOnline } from '../../host/engine-view.tsx';
import { failureText } from '../../host/failure-text.ts';
import { ageText, momentText, shortId, sizeText, splitReference } from '../../host/figures.ts';
import { useHost } from '../../host/host-store.ts';
import { imageMenu, imagePath, nameOf, runImage } from '../../host/image-menu.ts';
import { copyFailure } from '../../host/notices.ts';
import { request, useRequests } from '../../host/requests.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { cx } from '../../ui/class-names.ts';
import { navigate } from '../../ui/hash-route.ts';
import { Menu } from '../../ui/menu.tsx';
import { MiddleCut } from '../../ui/middle-cut.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { LoadingBars, PageMessage } from '../../ui/page-states.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { ConfigView } from './config-view.tsx';
import { HistoryView } from './history-view.tsx';
import { LayerView } from './layer-view.tsx';
import { useImageDetail } from './use-image-detail.ts';
import { UsersView, useUsers } from './users-view.tsx';

const back = () => navigate('/images');
const parts = ['layers', 'config', 'history', 'users'] as const;
type Part = (typeof parts)[number];
const partOf = (text: string | undefined): Part => parts.find((part) => part === text) ?? 'layers';

export interface ImagePageProps {
  /** Its digits, without `sha256:`. */
  id: string;
  part: string | undefined;
}

/** One image: what it is made of, what it gives to containers, who uses it. */
export function ImagePage({ id: digits, part }: ImagePageProps) {
  const { t } = useTranslation();
  const id = `sha256:${digits}`;
  const image = useHost((state) => state.images[id]);
  const listed = useHost((state) => state.listed);
  const online = useOnline();
  const name = { id, reference: image?.references[0] };
  useShortcuts({
    Escape: back,
    r: online && image ? () => runImage(name) : undefined,
    Delete: online && image ? () => request({ kind: 'remove-images', images: allNames(image) }) : undefined,
  });
  useLeaveWhenRemovedHere(image === undefined);
  if (!image) {
    return (
      <>
        <PageHeader title={<BackCrumb />} />
        <EngineBanner shows="page" />
        {listed ? (
          <PageMessage
            title={t('image.gone')}
            text={t('image.goneText')}
            actions={<Button onClick={back}>{t('image.toImages')}</Button>}
          />
        ) : (
          <EngineInsteadOfList />
        )}
      </>
    );
  }
  return (
    <>
      <ImageHeader image={image} online={online} />
      <Facts image={image} stale={!online} />
      <Tabs image={image} shown={partOf(part)} />
      {!online && <div className="h-2 flex-none" />}
      <EngineBanner shows="page" />
      <Content image={image} part={partOf(part)} />
    </>
  );
}

/** Every name of an image: it goes with the last one. */
const allNames = ({ id, references }: Image) =>
  references.length > 0 ? references.map((reference) => ({ id, reference })) : [{ id }];

/** Whoever removes an image here wants the list; what another program removes is said in its place. */
function useLeaveWhenRemovedHere(gone: boolean) {
  const asking = useRequests((state) => state.current?.kind === 'remove-images');
  const here = useRef(false);
  useEffect(() => {
    if (gone && here.current) back();
    here.current = asking;
  }, [asking, gone]);
}

function BackCrumb() {
  const { t } = useTranslation();
  return (
    <span className="-ml-1 flex items-center gap-1 font-normal text-body tracking-(--tracking-body) text-fg-3">
      <IconButton icon={ArrowLeft} label={t('image.back')} keyHint={t('keys.esc')} onClick={back} />
      <a href="#/images" className="no-drag rounded-1 hover:text-fg-1">
        {t('app.images')}
      </a>
      <ChevronRight size={16} className="text-fg-4" aria-hidden />
    </span>
  );
}

function ImageHeader({ image, online }: { image: Image; online: boolean }) {
  const { t } = useTranslation();
  const [reference] = image.references;
  const name = { id: image.id, reference };
  return (
    <PageHeader
      title={
        <>
          <BackCrumb />
          <span className="min-w-0">
            {reference ? (
              <MiddleCut text={reference} tail={splitReference(reference).tag} tailClassName="font-normal text-fg-4" />
            ) : (
              shortId(image.id)
            )}
          </span>
        </>
      }
    >
      <Button
        icon={Tag}
        disabled={!online}
        onClick={() => request({ kind: 'tag-image', image: nameOf(name) })}
        className="max-[960px]:hidden"
      >
        {t('images.tag')}
      </Button>
      <Button
        icon={Upload}
        disabled={!online}
        onClick={() => request({ kind: 'push-image', image: nameOf(name) })}
        className="max-[960px]:hidden"
      >
        {t('images.push')}
      </Button>
      <Button kind="primary" icon={Play} disabled={!online} onClick={() => runImage(name)}>
        {t('containers.run')}
      </Button>
      <Menu entries={imageMenu(name, online)}>
        <IconButton icon={Ellipsis} label={t('app.more')} />
      </Menu>
    </PageHeader>
  );
}

function Facts({ image, stale }: { image: Image; stale: boolean }) {
  const { t } = useTranslation();
  const now = useNow(60_000);
  const users = useUsers(image.id);
  const { size, shared = 0, platform, createdAt, unverified } = image;
  const dated = Date.parse(createdAt) >= Date.UTC(1981, 0);
  return (
    <div
      className={cx(
        'flex h-7 flex-none items-center gap-4 overflow-hidden whitespace-nowrap px-4 pb-2 text-small text-fg-3',
        stale && 'stale',
      )}
    >
      <span className="tabular-nums">
        {shared > 0 ? t('image.sizeShared', { size: sizeText(size), shared: sizeText(shared) }) : sizeText(size)}
      </span>
      {platform && <span>{platform}</span>}
      {dated && (
        <span className="tabular-nums" title={momentText(createdAt)}>
          {t('image.built', { span: ageText(createdAt, now) })}
        </span>
      )}
      {users.length > 0 && (
        <span className="flex min-w-0 items-center gap-1.5">
          <Box size={16} className="flex-none text-fg-4" aria-hidden />
          {t('image.usedBy')}
          {users.slice(0, 3).map(({ id, name }) => (
            <a key={id} className="overflow-hidden text-ellipsis text-link hover:underline" href={`#${logsPath(id)}`}>
              {name}
            </a>
          ))}
        </span>
      )}
      {unverified.length > 0 && (
        <span className="flex items-center gap-1.5 text-warning-text" title={unverified.join(', ')}>
          <ShieldAlert size={16} aria-hidden />
          {t('images.unverified')}
        </span>
      )}
    </div>
  );
}

function Tabs({ image, shown }: { image: Image; shown: Part }) {
  const { t } = useTranslation();
  const users = useUsers(image.id).length;
  const titles = {
    layers: t('image.layers'),
    config: t('image.config'),
    history: t('image.history'),
    users: t('image.users'),
  } satisfies Record<Part, string>;
  return (
    <nav aria-label={t('image.parts')} className="flex h-9 flex-none gap-5 border-b border-line-1 px-4">
      {parts.map((part) => (
        <a
          key={part}
          href={`#${imagePath(image.id, part)}`}
          aria-current={part === shown ? 'page' : undefined}
          className={cx(
            'relative flex items-center',
            part === shown
              ? 'font-medium after:absolute after:inset-x-0 after:-bottom-px after:h-0.5 after:bg-fg-1'
              : 'text-fg-2 hover:text-fg-1',
          )}
        >
          {titles[part]}
          {part === 'users' && users > 0 && (
            <span className="ml-2 text-small font-normal tabular-nums text-fg-4">{users}</span>
          )}
        </a>
      ))}
    </nav>
  );
}

function Content({ image, part }: { image: Image; part: Part }) {
  const { t } = useTranslation();
  const { detail, failure, again } = useImageDetail(image.id);
  if (part === 'users') return <UsersView image={image} />;
  if (detail) {
    if (part === 'config') return <ConfigView image={image} detail={detail} />;
    return part === 'history' ? <HistoryView detail={detail} /> : <LayerView key={image.id} detail={detail} />;
  }
  if (!failure) return <LoadingBars label={t('app.loading')} />;
  return (
    <PageMessage
      failed
      title={t('image.failed')}
      text={failureText(failure)}
      actions={
        <>
          <Button onClick={again}>{t('app.tryAgain')}</Button>
          <Button kind="quiet" onClick={() => void copyFailure(failure)}>
            {t('engine.copyError')}
          </Button>
        </>
      }
    />
  );
}

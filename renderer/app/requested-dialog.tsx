import { BuildDialog } from '../features/builds/build-dialog.tsx';
import { CacheDialog } from '../features/builds/cache-dialog.tsx';
import { RemoveQuestion } from '../features/containers/remove-question.tsx';
import { RenameDialog } from '../features/containers/rename-dialog.tsx';
import { PruneDialog } from '../features/images/prune-dialog.tsx';
import { RemoveImageQuestion } from '../features/images/remove-image-question.tsx';
import { TagDialog } from '../features/images/tag-dialog.tsx';
import { PullDialog } from '../features/pull/pull-dialog.tsx';
import { TransferDialog } from '../features/pull/transfer-dialog.tsx';
import { RunDialog } from '../features/run/run-dialog.tsx';
import { closeRequest, useRequests } from '../host/requests.ts';
import { KeysDialog } from './keys-dialog.tsx';

/** The dialog that some part of the page asked for. */
export function RequestedDialog() {
  const current = useRequests((state) => state.current);
  switch (current?.kind) {
    case 'run':
      return <RunDialog image={current.image ?? ''} onClose={closeRequest} />;
    case 'pull':
      return <PullDialog image={current.image ?? ''} onClose={closeRequest} />;
    case 'transfer':
      return <TransferDialog key={current.id} id={current.id} onClose={closeRequest} />;
    case 'tag-image':
      return <TagDialog image={current.image} onClose={closeRequest} />;
    case 'push-image':
      return <TagDialog push image={current.image} onClose={closeRequest} />;
    case 'prune-images':
      return <PruneDialog onClose={closeRequest} />;
    case 'remove-images':
      return <RemoveImageQuestion images={current.images} onClose={closeRequest} />;
    case 'remove-containers':
      return <RemoveQuestion ids={current.ids} onClose={closeRequest} />;
    case 'rename-container':
      return <RenameDialog id={current.id} onClose={closeRequest} />;
    case 'build':
      return <BuildDialog key={current.form.folder ?? ''} given={current.form} onClose={closeRequest} />;
    case 'build-cache':
      return <CacheDialog onClose={closeRequest} />;
    case 'keys':
      return <KeysDialog onClose={closeRequest} />;
    default:
      return null;
  }
}

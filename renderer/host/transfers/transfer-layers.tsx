import { useTranslation } from 'react-i18next';
import type { Transfer, TransferLayer } from '../../../electron/bridge/transfers.ts';
import { cx } from '../../ui/class-names.ts';
import { ProgressBar } from '../../ui/progress-bar.tsx';
import { shortId, sizeText } from '../figures.ts';
import { endpointName, type LayerWord, layerView } from './transfer-figures.ts';

/** The layers of a pull or push, 24 px each; more than eight scroll. */
export function TransferLayers({ transfer }: { transfer: Transfer }) {
  const { t } = useTranslation();
  const { layers } = transfer;
  if (layers.length === 0) return null;
  return (
    <ul
      aria-label={t('transfers.layersOf', { name: transfer.reference })}
      tabIndex={layers.length > 8 ? 0 : undefined}
      className="max-h-48 overflow-y-auto rounded-1"
    >
      {layers.map((layer) => (
        <LayerRow key={layer.digest} layer={layer} transfer={transfer} />
      ))}
    </ul>
  );
}

function LayerRow({ layer, transfer }: { layer: TransferLayer; transfer: Transfer }) {
  const { t } = useTranslation();
  const { word, share, moving } = layerView(layer);
  const stands = transfer.state !== 'running';
  const sources = layer.servedBy.map(({ endpoint }) => endpointName(endpoint));
  const from = sources.at(-1);
  return (
    <li className={cx('layer-grid', !transfer.detailed && 'plain')}>
      <code className="mono text-caption text-fg-3">{shortId(layer.digest)}</code>
      <span className="text-right text-small tabular-nums text-fg-3">{layer.size > 0 ? sizeText(layer.size) : ''}</span>
      <ProgressBar label={shortId(layer.digest)} value={share} still={!moving || stands} />
      <span
        className={cx(
          'overflow-hidden text-ellipsis text-small tabular-nums',
          word === 'resumed' ? 'text-warning-text' : moving ? 'text-fg-3' : 'text-fg-4',
        )}
      >
        <LayerWords word={word} share={share} push={transfer.kind === 'push'} ended={transfer.state === 'done'} />
      </span>
      {transfer.detailed && (
        <span
          className="overflow-hidden text-ellipsis text-small text-fg-3"
          title={sources.length > 1 ? sources.join(t('transfers.then')) : from}
        >
          {from ?? (layer.kept > 0 ? t('transfers.earlier') : '–')}
        </span>
      )}
      <span className="text-right text-small tabular-nums text-fg-3">
        {layer.state === 'downloading' && layer.speed > 0 && !stands
          ? t('transfers.perSecond', { size: sizeText(layer.speed) })
          : ''}
      </span>
    </li>
  );
}

interface LayerWordsProps {
  word: LayerWord;
  share: number;
  push: boolean;
  ended: boolean;
}

function LayerWords({ word, share, push, ended }: LayerWordsProps) {
  const { t } = useTranslation();
  const percent = Math.floor(share * 100);
  switch (word) {
    case 'there':
      return t(push ? 'transfers.layer.thereAlready' : 'transfers.layer.hereAlready');
    case 'done':
      return t('transfers.layer.done');
    case 'waiting':
      return ended ? t('transfers.layer.done') : t('transfers.layer.waiting');
    case 'unpacking':
      return t('transfers.layer.unpacking');
    case 'resumed':
      return t('transfers.layer.resumed', { percent });
    case 'coming':
      return t(push ? 'transfers.layer.sending' : 'transfers.layer.coming', { percent });
  }
}

import { useTranslation } from 'react-i18next';
import type { Container } from '../../electron/bridge/host.ts';
import { openPort, portViews } from './container-ports.ts';
import { fitting } from './fitting.ts';

export interface PortLinksProps {
  container: Container;
  /** Letters that there is room for; what goes over is a figure, and words for who listens. */
  room?: number;
}

/** Published ports: those that a browser can open are links, the others words. */
export function PortLinks({ container, room = 19 }: PortLinksProps) {
  const { t } = useTranslation();
  const views = portViews(container);
  const texts = views.map(({ host, inside }) => host + inside);
  const most = fitting(texts, room);
  const shown = views.slice(0, most);
  const more = texts.slice(most).join(', ');
  return (
    <span className="block overflow-hidden text-ellipsis whitespace-nowrap text-small tabular-nums text-fg-3">
      {shown.map(({ key, host, inside, url }, index) => (
        <span key={key}>
          {index > 0 && ', '}
          {url === undefined ? (
            host
          ) : (
            <a
              href={url}
              tabIndex={-1}
              title={t('ports.openTitle', { url })}
              className="text-link hover:underline"
              onClick={(event) => {
                event.preventDefault();
                void openPort(url);
              }}
            >
              {host}
            </a>
          )}
          {inside}
        </span>
      ))}
      {more !== '' && (
        <span title={more}>
          <span aria-hidden> +{texts.length - most}</span>
          <span className="sr-only">, {more}</span>
        </span>
      )}
    </span>
  );
}

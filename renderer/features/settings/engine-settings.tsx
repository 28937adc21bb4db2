import { Copy, RefreshCw, RotateCw } from 'lucide-react';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../electron/bridge/failure.ts';
import type { EnginePhase, EngineVersion } from '../../../electron/bridge/host.ts';
import { call } from '../../host/bridge-client.ts';
import { EngineBanner, restartEngine } from '../../host/engine-view.tsx';
import { failureText } from '../../host/failure-text.ts';
import { useHost } from '../../host/host-store.ts';
import { noticeDone } from '../../host/notices.ts';
import { Badge } from '../../ui/badge.tsx';
import { Button, IconButton } from '../../ui/button.tsx';

const badges = {
  starting: { tone: 'info', text: 'engine.phase.starting' },
  running: { tone: 'running', text: 'engine.phase.running' },
  reconnecting: { tone: 'warning', text: 'engine.phase.reconnecting' },
  failed: { tone: 'error', text: 'engine.phase.failed' },
  stopped: { tone: 'neutral', text: 'engine.phase.stopped' },
} as const satisfies Record<EnginePhase, unknown>;

/** What the engine is, where it is, and its log. */
export function EngineSettings() {
  const { t } = useTranslation();
  const engine = useHost((state) => state.engine);
  const badge = engine && badges[engine.phase];
  const version = engine?.version;
  const listed = useHost((state) => state.listed);
  // once there are lists, the banner has the button
  const down = !listed && (engine?.phase === 'failed' || engine?.phase === 'stopped');
  return (
    <>
      <div className="flex h-10 flex-none items-center gap-2">
        <h2 className="text-title font-semibold">{t('settings.engine')}</h2>
        {badge && <Badge tone={badge.tone}>{t(badge.text)}</Badge>}
        {version && (
          <span className="text-small text-fg-4">
            {t('settings.versionAndApi', { version: version.version, api: version.apiVersion })}
          </span>
        )}
        <span className="flex-1" />
        {down && (
          <Button size="small" icon={RotateCw} onClick={() => void restartEngine()}>
            {t(engine?.phase === 'failed' ? 'engine.retry' : 'engine.start')}
          </Button>
        )}
      </div>
      <div className="-mx-4">
        <EngineBanner shows="nothing" />
      </div>
      {version && <EngineFacts version={version} />}
      {engine?.reason && <p className="mt-2 max-w-160 text-error-text">{failureText(engine.reason)}</p>}
      <EngineLog phase={engine?.phase} />
    </>
  );
}

function EngineFacts({ version }: { version: EngineVersion }) {
  const { t } = useTranslation();
  const { beluga } = version;
  const facts = [
    { name: t('settings.fact.socket'), value: version.socket, mono: true },
    ...(beluga
      ? [
          { name: t('settings.fact.dataRoot'), value: beluga.dataRoot, mono: true },
          { name: t('settings.fact.snapshotter'), value: beluga.snapshotter },
          { name: t('settings.fact.runtime'), value: `${beluga.runtime.name} ${beluga.runtime.version}` },
          { name: t('settings.fact.cgroup'), value: `v${beluga.cgroupVersion}` },
          {
            name: t('settings.fact.rights'),
            value: t(beluga.rootful ? 'settings.fact.rootful' : 'settings.fact.rootless'),
          },
        ]
      : []),
  ];
  return (
    <>
      <dl className="flex-none">
        {facts.map((fact) => (
          <div key={fact.name} className="flex gap-4 border-line-1 border-b py-1.5 last:border-0">
            <dt className="w-38 flex-none text-fg-3">{fact.name}</dt>
            <dd className={`selectable [overflow-wrap:anywhere] ${fact.mono ? 'mono text-code' : ''}`}>{fact.value}</dd>
          </div>
        ))}
      </dl>
      {beluga?.warnings.map((warning) => (
        <p key={warning} className="mt-1 max-w-160 flex-none text-small text-warning-text">
          {warning}
        </p>
      ))}
    </>
  );
}

/** The end of the engine's log, read when the page opens, when the engine changes, and on request. */
function EngineLog({ phase }: { phase: EnginePhase | undefined }) {
  const { t } = useTranslation();
  const [log, setLog] = useState<{ file: string; text: string }>();
  const [failure, setFailure] = useState<Failure>();
  const box = useRef<HTMLElement>(null);
  const read = useCallback(async () => {
    const outcome = await call('engine.logTail', { lines: 1000 });
    setFailure(outcome.ok ? undefined : outcome.failure);
    if (outcome.ok) setLog(outcome.value);
  }, []);
  useEffect(() => void read(), [read, phase]);
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [log]);
  const copy = () => void navigator.clipboard.writeText(log?.text ?? '').then(() => noticeDone(t('app.copied')));
  return (
    <section className="mt-4 flex min-h-30 flex-1 flex-col">
      <div className="flex h-8 flex-none items-center gap-1">
        <h3 className="mr-2 font-semibold">{t('engine.log')}</h3>
        {log && (
          <code className="mono selectable min-w-0 overflow-hidden text-ellipsis text-caption text-fg-4">
            {log.file}
          </code>
        )}
        <span className="flex-1" />
        <IconButton small icon={RefreshCw} label={t('settings.readAgain')} onClick={() => void read()} />
        <IconButton small icon={Copy} label={t('logs.copy')} disabled={!log?.text} onClick={copy} />
      </div>
      {failure ? (
        <p role="alert" className="text-error-text">
          {failureText(failure)}
        </p>
      ) : (
        <section
          ref={box}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
          tabIndex={0}
          aria-label={t('engine.log')}
          className="mono selectable mb-4 min-h-0 flex-1 overflow-auto whitespace-pre-wrap rounded-2 bg-surface-0 px-3 py-2 text-code text-fg-2 [overflow-wrap:anywhere]"
        >
          {log?.text === '' ? t(phase === 'running' ? 'settings.foreignLog' : 'settings.emptyLog') : log?.text}
        </section>
      )}
    </section>
  );
}

import type { TFunction } from 'i18next';
import { Check, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { LoginLine, MirrorTest, RegistryRule, TestStep } from '../../../../electron/bridge/registries.ts';
import { failureText, warningText } from '../../../host/failure-text.ts';
import { clockText, sizeText, spanText } from '../../../host/figures.ts';
import { IconButton } from '../../../ui/button.tsx';
import { StatusGlyph } from '../../../ui/status-glyph.tsx';
import { closeTest, type TestRun } from './registries-store.ts';
import { domainOf } from './registry-rules.ts';
import type { Source } from './rule-sources.ts';
import { type TestVerdict, verdictOf } from './source-state.ts';

const verdicts = {
  unreachable: 'mirrors.verdict.unreachable',
  refused: 'mirrors.verdict.refused',
  noSpeed: 'mirrors.verdict.noSpeed',
  unfresh: 'mirrors.verdict.unfresh',
  slowAndOld: 'mirrors.verdict.slowAndOld',
  slow: 'mirrors.verdict.slow',
  old: 'mirrors.verdict.old',
  warned: 'mirrors.verdict.warned',
  works: 'mirrors.verdict.works',
} as const satisfies Record<TestVerdict, string>;

export interface TestPanelProps {
  run: TestRun;
  source: Source;
  rule: RegistryRule;
  login: LoginLine | undefined;
}

/** What a look at a mirror found, explained step by step. */
export function TestPanel({ run, source, rule, login }: TestPanelProps) {
  const { t } = useTranslation();
  const { result, failure, at = 0 } = run;
  const title = result ? t(verdicts[verdictOf(result)]) : t('mirrors.test.notDone');
  return (
    <section
      aria-label={t('mirrors.test.result', { name: source.host })}
      className="mb-2 rounded-2 bg-fill-hover py-3 pr-3 pl-4 min-[1108px]:ml-8"
    >
      <div className="mb-1.5 flex items-center gap-2" role="status">
        <span className="font-medium">{title}</span>
        <span className="flex-1" />
        {result && (
          <span className="whitespace-nowrap text-small tabular-nums text-fg-3">
            {t('mirrors.test.took', { seconds: Math.max(0.1, result.took / 1000).toFixed(1), time: clockText(at) })}
          </span>
        )}
        <IconButton small icon={X} label={t('app.close')} onClick={() => closeTest(source.url)} />
      </div>
      {failure && <p className="text-small text-error-text [overflow-wrap:anywhere]">{failureText(failure)}</p>}
      {result && <Steps result={result} rule={rule} login={login} at={at} />}
    </section>
  );
}

interface StepsProps {
  result: MirrorTest;
  rule: RegistryRule;
  login: LoginLine | undefined;
  at: number;
}

function Steps({ result, rule, login, at }: StepsProps) {
  const { t } = useTranslation();
  const { reach, access, speed, freshness } = result;
  const registry = domainOf(rule.prefix);
  const stale = freshness?.tag === 'older' || freshness?.tag === 'different';
  return (
    <>
      <Step
        step={reach}
        name={t('mirrors.step.reach')}
        value={reach.latency === undefined ? '–' : t('mirrors.milliseconds', { n: Math.round(reach.latency) })}
        text={reachText(reach, at, t)}
      />
      {access && (
        <Step
          step={access}
          name={t('mirrors.step.access')}
          value={access.state === 'failed' && access.login === 'none-needed' ? '–' : t(accessValues[access.login])}
          text={t(access.login === 'none-needed' && login ? 'mirrors.access.notSent' : accessTexts[access.login])}
        />
      )}
      {speed && (
        <Step
          step={speed}
          name={t('mirrors.step.speed')}
          value={
            speed.bytesPerSecond === undefined ? '–' : t('mirrors.perSecond', { size: sizeText(speed.bytesPerSecond) })
          }
          text={
            speed.median === undefined
              ? t('mirrors.speed.alone')
              : t('mirrors.speed.median', { size: sizeText(speed.median) })
          }
        />
      )}
      {freshness && (
        <Step
          step={freshness}
          name={t('mirrors.step.freshness')}
          value={freshness.behind ? spanText(freshness.behind) : t(tagValues[freshness.tag ?? 'unknown'])}
          text={freshnessText(freshness, registry, t)}
        />
      )}
      {stale && (
        <p className="mt-1.5 ml-6 text-small leading-4.5 text-fg-3">
          {t(rule.mirrorOnly ? 'mirrors.test.notVerified' : 'mirrors.test.stillRight', { name: registry })}
        </p>
      )}
    </>
  );
}

type Translate = TFunction;

function reachText({ tls, certificateUntil }: MirrorTest['reach'], at: number, t: Translate): string {
  if (tls === undefined) return t('mirrors.reach.plain');
  const version = tls.replace(/^TLSv/, 'TLS ');
  if (certificateUntil === undefined) return t('mirrors.reach.tls', { version });
  return t('mirrors.reach.certificate', {
    version,
    count: Math.max(0, Math.floor((certificateUntil - at) / 86_400_000)),
  });
}

const accessValues = {
  'none-needed': 'mirrors.access.open',
  sent: 'mirrors.access.signedIn',
  missing: 'mirrors.access.missing',
} as const;
const accessTexts = {
  'none-needed': 'mirrors.access.openText',
  sent: 'mirrors.access.sentText',
  missing: 'mirrors.access.missingText',
} as const;
const tagValues = {
  same: 'mirrors.tag.same',
  older: 'mirrors.tag.older',
  different: 'mirrors.tag.different',
  unknown: 'mirrors.tag.unknown',
} as const;
const tagTexts = {
  same: 'mirrors.tag.sameText',
  older: 'mirrors.tag.olderText',
  different: 'mirrors.tag.differentText',
  unknown: 'mirrors.tag.unknownText',
} as const;

/** Docker Hub's names as people write them: `alpine:latest`. */
const familiar = (image: string) => image.replace(/^docker\.io\/(library\/)?/, '');

function freshnessText(
  { image, tag = 'unknown', behind }: NonNullable<MirrorTest['freshness']>,
  name: string,
  t: Translate,
) {
  return t(tagTexts[tag], { image: familiar(image), name, time: spanText(behind ?? 0) });
}

interface StepProps {
  step: TestStep;
  name: string;
  value: string;
  text: string;
}

/** One line: mark, what, figure, and the words; of a failure its whole cause. */
function Step({ step, name, value, text }: StepProps) {
  const { t } = useTranslation();
  const words = step.error ? warningText(step.error) : text;
  return (
    <div className="grid min-h-6 grid-cols-[16px_72px_64px_minmax(0,1fr)] items-start gap-x-2 text-small leading-6 min-[1108px]:grid-cols-[16px_88px_76px_minmax(0,1fr)]">
      <span className="mt-1">
        {step.state === 'fine' ? (
          <Check
            size={14}
            strokeWidth={2.25}
            className="text-running-text"
            role="img"
            aria-label={t('mirrors.step.fine')}
          />
        ) : step.state === 'warning' ? (
          <StatusGlyph shape="triangle" label={t('mirrors.step.warning')} />
        ) : (
          <StatusGlyph shape="cross" label={t('mirrors.step.failed')} />
        )}
      </span>
      <span>{name}</span>
      <span className="overflow-hidden text-ellipsis whitespace-nowrap tabular-nums text-fg-2" title={value}>
        {value}
      </span>
      <span className="selectable py-1 leading-4 text-fg-3 [overflow-wrap:anywhere]">{words}</span>
    </div>
  );
}

import { ArrowRight, Plus } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import type { PortAnswer } from '../../../electron/bridge/ports.ts';
import { call } from '../../host/bridge-client.ts';
import { containerPath } from '../../host/container-menu.ts';
import { Button } from '../../ui/button.tsx';
import { FieldGroup, FieldRow } from '../../ui/field-group.tsx';
import { navigate } from '../../ui/hash-route.ts';
import { added, changed, without } from '../../ui/rows.ts';
import { Select } from '../../ui/select.tsx';
import { TextInput } from '../../ui/text-field.tsx';
import type { RowProblem } from './form-problems.ts';
import type { PortRow, Protocol } from './run-form.ts';

export interface PortRowsProps {
  rows: readonly PortRow[];
  onChange: (rows: readonly PortRow[]) => void;
  problemOf: (row: PortRow) => RowProblem | undefined;
  /** Who has the ports that are taken, by row. */
  taken: ReadonlyMap<number, PortAnswer>;
  /** What the image exposes, `80/tcp`. */
  exposed: readonly string[];
  onLeave: () => void;
}

/** Select knows no empty value. */
const everywhere = 'all';

/** Published ports: host, container, protocol, address. */
export function PortRows({ rows, onChange, problemOf, taken, exposed, onLeave }: PortRowsProps) {
  const { t } = useTranslation();
  const addresses = useAddresses();
  const open = exposed.filter((port) => !rows.some((row) => `${row.container.trim()}/${row.protocol}` === port));
  const add = (port = open[0]) => {
    const [container = '', protocol] = (port ?? '').split('/');
    const row = { host: '', container, protocol: protocol === 'udp' ? 'udp' : 'tcp', address: '' } as const;
    onChange(added<PortRow>(rows, row));
  };
  return (
    <FieldGroup label={t('run.ports')}>
      {rows.map((row) => {
        const answer = taken.get(row.key);
        const problem = problemOf(row);
        const change = (part: Partial<PortRow>) => onChange(changed(rows, row, part));
        return (
          <FieldRow
            key={row.key}
            removeLabel={t('run.removePort')}
            onRemove={() => onChange(without(rows, row))}
            unfinished={row.container.trim() === ''}
            error={
              problem ? (
                <PortProblem problem={problem} />
              ) : (
                answer && <PortTaken answer={answer} use={(host) => change({ host })} onLeave={onLeave} />
              )
            }
          >
            <PortControls
              row={row}
              change={change}
              addresses={addresses}
              badHost={problem ? problem.kind !== 'containerPort' : answer !== undefined}
              badContainer={problem?.kind === 'containerPort' && row.container.trim() !== ''}
            />
          </FieldRow>
        );
      })}
      <div className="-ml-2 flex h-7 items-center gap-2">
        <Button kind="quiet" size="small" icon={Plus} onClick={() => add()}>
          {t('run.addPort')}
        </Button>
        {exposed.length > 0 && (
          <span className="min-w-0 overflow-hidden text-ellipsis whitespace-nowrap text-small text-fg-4">
            {t('run.exposes', { ports: exposed.join(', ') })}
          </span>
        )}
      </div>
    </FieldGroup>
  );
}

interface PortControlsProps {
  row: PortRow;
  change: (part: Partial<PortRow>) => void;
  addresses: readonly string[];
  badHost: boolean;
  badContainer: boolean;
}

function PortControls({ row, change, addresses, badHost, badContainer }: PortControlsProps) {
  const { t } = useTranslation();
  const known = ['127.0.0.1', '::1', ...addresses, ...(row.address ? [row.address] : [])];
  const protocols: readonly { value: Protocol; text: string }[] = [
    { value: 'tcp', text: 'tcp' },
    { value: 'udp', text: 'udp' },
  ];
  return (
    <>
      <TextInput
        className="w-24"
        value={row.host}
        bad={badHost}
        aria-label={t('run.hostPort')}
        placeholder={t('run.anyPort')}
        onChange={(host) => change({ host })}
      />
      <ArrowRight size={16} className="flex-none text-fg-4" aria-hidden />
      <TextInput
        className="w-18"
        value={row.container}
        bad={badContainer}
        aria-label={t('run.containerPort')}
        onChange={(container) => change({ container })}
      />
      <Select
        label={t('run.protocol')}
        value={row.protocol}
        options={protocols}
        onChange={(protocol) => change({ protocol })}
      />
      <Select
        label={t('run.address')}
        value={row.address || everywhere}
        options={[
          { value: everywhere, text: t('run.allAddresses') },
          ...[...new Set(known)].map((value) => ({ value, text: value })),
        ]}
        onChange={(address) => change({ address: address === everywhere ? '' : address })}
      />
    </>
  );
}

function useAddresses(): readonly string[] {
  const [addresses, setAddresses] = useState<readonly string[]>([]);
  useEffect(() => {
    void call('ports.addresses', undefined).then((outcome) => outcome.ok && setAddresses(outcome.value));
  }, []);
  return addresses;
}

function PortProblem({ problem }: { problem: RowProblem }) {
  const { t } = useTranslation();
  if (problem.kind === 'hostPort') return <span>{t('run.hostPortBad')}</span>;
  return <span>{t(problem.kind === 'twice' ? 'run.portTwice' : 'run.containerPortBad')}</span>;
}

interface PortTakenProps {
  answer: PortAnswer;
  use: (host: string) => void;
  onLeave: () => void;
}

/** Who has the port, and the next one that is free. */
function PortTaken({ answer: { port, container, process, nextFree }, use, onLeave }: PortTakenProps) {
  const { t } = useTranslation();
  const show = () => {
    if (!container) return;
    onLeave();
    navigate(containerPath(container.id, 'logs'));
  };
  return (
    <>
      <span>
        {container ? (
          <Trans
            i18nKey="run.takenByContainer"
            values={{ port, container: container.name }}
            components={{ b: <b className="font-medium" /> }}
          />
        ) : process ? (
          <Trans
            i18nKey="run.takenByProcess"
            values={{ port, process: process.name, pid: process.pid }}
            components={{ b: <b className="font-medium" /> }}
          />
        ) : (
          t('run.taken', { port })
        )}
      </span>
      {nextFree > 0 && (
        <Button size="small" onClick={() => use(String(nextFree))}>
          {t('ports.use', { port: nextFree })}
        </Button>
      )}
      {container && (
        <button type="button" className="text-link hover:underline" onClick={show}>
          {t('run.showIt')}
        </button>
      )}
    </>
  );
}

// out/demo/report.md: what each step of the demo did, which calls of the API it took, and what the CLI said.
import { writeFileSync } from 'node:fs';

/** The requests that the engine answered (engine/http/request-log.ts), in the order in which they came. */
function requestsOf(log) {
  return log
    .split('\n')
    .filter((line) => line.includes('"message":"answered"'))
    .map((line) => JSON.parse(line))
    .map(({ time, method, path, status, ms, client }) => ({
      at: Date.parse(time) - ms,
      call: `${method} ${path.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1')}`,
      status,
      ms,
      from: client?.startsWith('Docker-Client') ? 'CLI' : 'app',
    }))
    .sort((one, other) => one.at - other.at);
}

/** The same call several times in a step is one line. */
function gathered(requests) {
  const lines = new Map();
  for (const { from, call, status, ms } of requests) {
    const key = `${from} ${call} ${status}`;
    const line = lines.get(key) ?? { from, call, status, ms: [] };
    line.ms.push(ms);
    lines.set(key, line);
  }
  return [...lines.values()];
}

const msText = (all) => {
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return least === most ? `${most}` : `${least}-${most}`;
};

function tableOf(requests) {
  if (requests.length === 0) return 'No call of the API began in this step.';
  const rows = gathered(requests).map(
    ({ from, call, status, ms }) => `| ${from} | \`${call}\` | ${status} | ${ms.length} | ${msText(ms)} |`,
  );
  return ['| from | API call | status | times | ms |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

function cliOf(cli) {
  if (cli.length === 0) return [];
  const said = cli.map(({ command, output }) => `$ ${command}\n${output}`.trimEnd()).join('\n\n');
  return [`~~~text\n${said}\n~~~`];
}

function sectionOf(step, requests) {
  return [
    `## ${step.number}. ${step.title}`,
    ...(step.outcome === 'passed' ? [] : [`**${step.outcome}**`]),
    ...(step.failure ? [`~~~text\n${step.failure}\n~~~`] : []),
    ...(step.picture ? [`![${step.title}](${step.picture})`] : []),
    tableOf(requests),
    ...cliOf(step.cli),
  ].join('\n\n');
}

/**
 * Writes the report. A call belongs to the step in which it began.
 * @param {{story: string, steps: object[], log: string}} from `log`: the engine's, with --debug
 */
export function writeDemoReport(file, { story, steps, log }) {
  const requests = requestsOf(log);
  // what comes after the last one takes the demo down
  const endOf = (index) => steps[index + 1]?.began ?? steps[index].ended ?? Number.POSITIVE_INFINITY;
  const within = (index) => requests.filter(({ at }) => (index === 0 || at >= steps[index].began) && at < endOf(index));
  const counted = steps.reduce((sum, _, index) => sum + within(index).length, 0);
  const passed = steps.filter(({ outcome }) => outcome === 'passed').length;
  const parts = [
    `# Demo: ${story}`,
    `${passed} of ${steps.length} steps passed, ${counted} calls of the API. Calls are counted where they began; the time of a stream is how long it was open.`,
    ...steps.map((step, index) => sectionOf(step, within(index))),
  ];
  writeFileSync(file, `${parts.join('\n\n')}\n`);
}

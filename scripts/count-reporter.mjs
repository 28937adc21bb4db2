// A reporter of node:test that writes down what happened, as one JSON object at the end.
export default async function* countReporter(source) {
  const counts = { passed: 0, failed: 0, skipped: [], failures: [] };
  for await (const { type, data } of source) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details?.type === 'suite') continue;
    // a file is reported as a test only when it could not be run
    if (data.skip !== undefined)
      counts.skipped.push({ name: data.name, why: data.skip === true ? 'no reason given' : String(data.skip) });
    else if (data.todo !== undefined) counts.skipped.push({ name: data.name, why: 'todo' });
    else if (type === 'test:pass') counts.passed++;
    else {
      counts.failed++;
      counts.failures.push(`${data.name} (${data.file ?? ''}): ${causeOf(data.details?.error)}`);
    }
  }
  yield `${JSON.stringify(counts)}\n`;
}

/** The error in a line, where it was thrown and what caused it: what is left to look at when the rest of the output is cut off. */
function causeOf(error) {
  const thrown = error?.cause ?? error;
  const lines = String(thrown?.stack ?? thrown).split('\n');
  const place = lines.find((line) => /^\s+at .*\.test\.ts|^\s+at .*\.long\.ts/.test(line)) ?? '';
  return `${lines.slice(0, 6).join(' ').slice(0, 600)} ${place.trim()}${reasonsOf(thrown)}`.trim();
}

/** What an error like "fetch failed" has beneath it. */
function reasonsOf(error) {
  const reasons = [];
  for (let cause = error?.cause; cause && reasons.length < 3; cause = cause.cause)
    reasons.push(` because of ${[cause, ...(cause.errors ?? [])].map(String).join('; ').slice(0, 300)}`);
  return reasons.join('');
}

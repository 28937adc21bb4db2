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
      counts.failures.push(`${data.name} (${data.file ?? ''})`);
    }
  }
  yield `${JSON.stringify(counts)}\n`;
}

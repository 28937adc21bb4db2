import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder of the host to bind, with the file `from-host`. */
export function folderToBind(): Disposable & { path: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-bind-'));
  writeFileSync(path.join(folder, 'from-host'), 'written on the host\n');
  return { path: folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** Serves the bound folder's file and the word in WORD, says so, and ends when it is told to. */
export const serve =
  'mkdir /www; cat /bound/from-host > /www/index.html; echo "$WORD" >> /www/index.html; ' +
  'httpd -p 8080 -h /www; echo "serving $WORD"; trap "echo leaving; exit 0" TERM; while :; do sleep 0.1; done';

/** What `serve` answers with this word. */
export const served = (word: string) => `written on the host\n${word}\n`;

/** The status of a failure of dockerode's: what its callers look at. */
export async function statusOf(call: Promise<unknown>): Promise<{ status: number; message: string }> {
  try {
    await call;
  } catch (error) {
    const { statusCode, json } = error as { statusCode?: number; json?: { message?: string } };
    return { status: statusCode ?? 0, message: json?.message ?? String(error) };
  }
  return { status: 200, message: 'it went well' };
}

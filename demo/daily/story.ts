import type { Stage } from '../stage.ts';
import { beginning } from './beginning.ts';
import { cliBeside } from './cli-beside.ts';
import { ending } from './ending.ts';
import { logs } from './logs.ts';
import { onlyOne } from './only-one.ts';
import { parts } from './parts.ts';
import { runForm } from './run-form.ts';
import { several } from './several.ts';
import { shells } from './shells.ts';
import { theirTerminal } from './their-terminal.ts';

/** A day of one person with images that are there: in the app, and in a terminal on the same engine at the same time. */
export async function dailyStory(stage: Stage): Promise<void> {
  const day = await beginning(stage);
  await runForm(stage, day);
  await logs(stage);
  await parts(stage, day);
  await shells(stage, day);
  await theirTerminal(stage, day);
  await cliBeside(stage, day);
  await onlyOne(stage, day);
  await several(stage, day);
  await ending(stage, day);
}

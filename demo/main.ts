// node demo/main.ts STORY: started by scripts/steps/demo.mjs, which says by the environment where everything is.
import { stripVTControlCharacters } from 'node:util';
import { dailyStory } from './daily/story.ts';
import { mirrorsStory } from './mirrors/story.ts';
import { openStage, type Stage } from './stage.ts';

/** Each plays on an engine without images. */
const stories: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  daily: dailyStory,
  mirrors: mirrorsStory,
};

async function play(name: string): Promise<number> {
  const story = stories[name];
  if (!story) {
    console.error(`there is no story ${name}; there are ${Object.keys(stories).join(', ')}`);
    return 2;
  }
  const stage = await openStage();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void stage.close().finally(() => process.exit(130)));
  try {
    await story(stage);
    return 0;
  } catch (error) {
    // where it was thrown is in the report
    console.error(stripVTControlCharacters(error instanceof Error ? error.message : String(error)));
    return 1;
  } finally {
    await stage.close();
  }
}

process.exitCode = await play(process.argv[2] ?? '');

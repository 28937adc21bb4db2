import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** What a step looked like, for the report. scripts/steps/demo-report.mjs reads it. */
interface StepRecord {
  number: number;
  title: string;
  /** Milliseconds since the epoch. */
  began: number;
  /** Absent while it runs. */
  ended?: number;
  outcome: 'passed' | 'failed' | 'interrupted';
  failure?: string;
  /** File name of the picture. */
  picture?: string;
  cli: { command: string; output: string }[];
}

/** Runs the steps of a story one after the other, and keeps what the report needs after each. */
export interface StepRunner {
  /** Runs one step and takes its picture. @throws what the step threw, once that is recorded */
  step(title: string, run: () => Promise<void>): Promise<void>;
  /** Puts a command that has ended into the present step. */
  record(command: string, output: string): void;
  /** A command that goes on: each step is given what it said while the step ran. */
  follow(command: string, said: () => string): void;
}

export interface StepRunnerParts {
  /** Folder of the pictures. */
  out: string;
  /** The file that the records are written to. */
  steps: string;
  picture(file: string): Promise<void>;
}

/** Letters, digits and hyphens. */
const fileName = (title: string) =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

/** Words as a person saw them: without a terminal's control sequences, of overwritten lines the last. */
const plain = (words: string) =>
  stripVTControlCharacters(words.replaceAll('\r\n', '\n'))
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1).trimEnd())
    .join('\n');

const wordsOf = (error: unknown) =>
  stripVTControlCharacters(error instanceof Error ? (error.stack ?? error.message) : String(error));

export function createStepRunner({ out, steps: file, picture }: StepRunnerParts): StepRunner {
  const steps: StepRecord[] = [];
  const followed: { command: string; said: () => string; told: number }[] = [];
  let current: StepRecord | undefined;

  const write = () => {
    writeFileSync(`${file}.draft`, JSON.stringify(steps));
    renameSync(`${file}.draft`, file);
  };
  const record = (command: string, output: string) => {
    current?.cli.push({ command, output: plain(output) });
  };
  const recordFollowed = () => {
    for (const each of followed) {
      const said = each.said();
      const begins = each.told < 0;
      if (begins || said.length > each.told)
        record(begins ? each.command : `${each.command}   # goes on`, said.slice(Math.max(each.told, 0)));
      each.told = said.length;
    }
  };
  return {
    record,
    follow: (command, said) => void followed.push({ command, said, told: -1 }),
    async step(title, run) {
      const number = steps.length + 1;
      const step: StepRecord = { number, title, began: Date.now(), outcome: 'interrupted', cli: [] };
      current = step;
      steps.push(step);
      write();
      try {
        await run();
        step.outcome = 'passed';
      } catch (error) {
        step.outcome = 'failed';
        step.failure = wordsOf(error);
        throw error;
      } finally {
        const name = `${String(number).padStart(2, '0')}-${fileName(title)}.png`;
        await picture(path.join(out, name)).then(
          () => {
            step.picture = name;
          },
          (error: unknown) => console.error(`no picture of step ${number}: ${wordsOf(error)}`),
        );
        recordFollowed();
        step.ended = Date.now();
        write();
        console.log(`${step.outcome === 'passed' ? '✔' : '✖'} ${number}. ${title} (${step.ended - step.began} ms)`);
      }
    },
  };
}

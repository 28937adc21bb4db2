// Programs are called with an argument array; a failure carries the program's own words.
import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { repo } from './paths.mjs';

/** A failure whose message is all the user needs: no stack is printed. `exitCode` 2: the user has to do something. */
export class StepError extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Standard output of a program, trimmed. @throws StepError with the end of what it said. */
export function outputOf(program, args, options = {}) {
  const done = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, cwd: repo, ...options });
  if (done.error) throw new StepError(`${program} could not be started: ${done.error.message}`);
  if (done.status !== 0) {
    const why = (done.stderr?.trim() || done.stdout?.trim() || '').split('\n').slice(-12).join('\n');
    throw new StepError(
      `${[program, ...args].join(' ')} failed (${done.signal ?? `exit code ${done.status}`})\n${why}`,
    );
  }
  return (done.stdout || '').trim();
}

/** True when the program exists and ends with exit code 0. */
export function succeeds(program, args, options = {}) {
  return spawnSync(program, args, { stdio: 'ignore', cwd: repo, ...options }).status === 0;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // sudo, which passes it on to its program
    if (error.code === 'EPERM') spawnSync('sudo', ['-n', 'kill', '-s', signal.slice(3), String(pid)]);
  }
}

/**
 * Runs a program with this terminal's input and output; resolves to its exit code (128 + n after signal n).
 * Signals that reach us are passed on, each once: npm and the terminal both send them.
 */
export function runInForeground(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', cwd: repo, ...options });
    const sent = new Set();
    const forward = (signal) => {
      if (!sent.has(signal)) send(child.pid, signal);
      sent.add(signal);
    };
    for (const signal of signals) process.on(signal, forward);
    const release = () => {
      for (const signal of signals) process.off(signal, forward);
    };
    child.once('error', (error) => {
      release();
      reject(new StepError(`${program} could not be started: ${error.message}`));
    });
    child.once('exit', (code, signal) => {
      release();
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

/** Runs a script's main function; a StepError becomes one message and its exit code. */
export async function main(run) {
  try {
    process.exitCode = (await run(process.argv.slice(2))) ?? 0;
  } catch (error) {
    console.error(error instanceof StepError ? `beluga: ${error.message}` : error);
    process.exitCode = error instanceof StepError ? error.exitCode : 1;
  }
}

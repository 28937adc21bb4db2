// A virtual display of our own, on a free number, that only holders of its cookie may use.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StepError } from './run.mjs';

/** An Xauthority entry for any address and any display number (Xauth(3), FamilyWild). */
function authorityOf(cookie) {
  const counted = (bytes) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const parts = ['', '', 'MIT-MAGIC-COOKIE-1'].map((text) => counted(Buffer.from(text)));
  return Buffer.concat([Buffer.from([0xff, 0xff]), ...parts, counted(cookie)]);
}

/** Whether this session has a display. */
export const hasDisplay = () => Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

/**
 * Starts an Xvfb.
 * @param {{uid?: number, screen?: string}} options `uid`: who else may read the cookie
 * @returns {Promise<{name: string, env: Record<string, string>, close: () => Promise<void>}>} `env`: for the programs that use it
 */
export async function startDisplay({ uid, screen = '1440x900x24' } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-display-'));
  const authority = path.join(folder, 'authority');
  writeFileSync(authority, authorityOf(randomBytes(16)), { mode: 0o600 });
  if (uid !== undefined) for (const entry of [authority, folder]) chownSync(entry, uid, uid);
  const args = ['-displayfd', '3', '-screen', '0', screen, '-nolisten', 'tcp', '-auth', authority];
  // in a group of its own: Ctrl-C must first end the app, then the display
  const xvfb = spawn('setpriv', ['--pdeathsig', 'TERM', 'Xvfb', ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let complaint = '';
  xvfb.stderr.on('data', (chunk) => {
    complaint = (complaint + chunk).slice(-2000);
  });
  const ended = new Promise((resolve) => xvfb.once('close', resolve));
  try {
    const number = await new Promise((resolve, reject) => {
      let text = '';
      xvfb.once('error', (error) => reject(new StepError(`Xvfb could not be started: ${error.message}`)));
      xvfb.once('exit', () => reject(new StepError(`Xvfb ended: ${complaint.trim()}`)));
      xvfb.stdio[3].on('data', (chunk) => {
        text += chunk;
        if (text.includes('\n')) resolve(text.trim());
      });
    });
    return {
      name: `:${number}`,
      env: { DISPLAY: `:${number}`, XAUTHORITY: authority },
      async close() {
        xvfb.kill('SIGTERM');
        await ended;
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    xvfb.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

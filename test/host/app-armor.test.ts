import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { defaultProfileText } from '../../engine/drivers/oci/app-armor.ts';
import { runToEnd } from '../docker-cli.ts';

/** The unpacked package apparmor: `npm test` names it. */
const programs = process.env.BELUGA_APPARMOR_PROGRAMS ?? '';
const parser = path.join(programs, 'sbin/apparmor_parser');
/** Compiles for a kernel with everything of ABI 3.0, and gives it to none. */
const compile = (input: string) =>
  runToEnd(parser, ['-QK', '--stdout', '-M', path.join(programs, 'etc/apparmor.d/abi/3.0')], { input });

test('AppArmor’s own parser takes the default profile', async () => {
  const { code, stdout, stderr } = await compile(defaultProfileText());
  assert.equal(code, 0, stderr);
  assert.ok(stdout.includes('beluga-default'));
  assert.equal((await compile(defaultProfileText().replace('deny mount', 'deny mounting'))).code, 1);
});

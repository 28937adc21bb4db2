import { accessSync, constants } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';

/** Shells of accounts that nobody may log in to: they end at once. */
const refusing = new Set(['nologin', 'false', 'true']);

function isUsable(shell: string | null | undefined): shell is string {
  if (!shell || !path.isAbsolute(shell) || refusing.has(path.basename(shell))) return false;
  try {
    accessSync(shell, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Of the account the app runs as; null where the account is not in the system's list, as in a container. */
function accountShell(): string | null {
  try {
    return userInfo().shell;
  } catch {
    return null;
  }
}

/**
 * The first of $SHELL, the account's own shell, bash and sh that can be worked with. An app that is started by a service
 * has no $SHELL, and an account of a service (nobody) has nologin as its shell.
 */
export function loginShell(shells = [process.env.SHELL, accountShell(), '/bin/bash']): string {
  return shells.find(isUsable) ?? '/bin/sh';
}

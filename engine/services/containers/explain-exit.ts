import { architecture } from '../../base/architecture.ts';
import { readCriLog } from '../../drivers/oci/cri-log.ts';
import type { ContainerRecord, Status } from './container-record.ts';

/** Milliseconds: what ran for longer has begun. */
const shortest = 10_000;
const host = `linux/${architecture}`;
/** What crun and runc end with then. */
const exitCodes = [1, 255];
/** As crun and runc write it for a container, into its output. */
const formatError = /^exec(?: container process)? [`"]?(.+?)[`"]?: exec format error\s*$/i;

/**
 * Why a container ended that never began: the kernel could not run its command. Docker's words, and what they mean.
 * @param exit `ran` in milliseconds.
 */
export async function explainExit(
  { fixed }: ContainerRecord,
  exit: { exitCode: number; ran: number; logFile: string },
): Promise<Pick<Status, 'error' | 'failure'> | undefined> {
  if (!exitCodes.includes(exit.exitCode) || exit.ran > shortest || fixed.hostConfig.autoRemove) return undefined;
  if (fixed.hostConfig.logDriver === 'none') return undefined;
  const command = formatError.exec(await lastWords(exit.logFile))?.[1];
  if (command === undefined) return undefined;
  const said = `exec ${command}: exec format error`;
  const { imagePlatform } = fixed;
  if (imagePlatform !== undefined && !imagePlatform.startsWith(host)) {
    return {
      error: `${said}: the image is for ${imagePlatform}, and this machine is ${host}: pull it for this machine (docker pull --platform ${host}), or install an emulator (package qemu-user-static)`,
      failure: { reason: 'container.other-platform', params: { command, image: imagePlatform, host } },
    };
  }
  return {
    error: `${said}: ${command} is neither a program for ${host} nor a script whose first line begins with #!`,
    failure: { reason: 'container.not-a-program', params: { command, host } },
  };
}

async function lastWords(file: string): Promise<string> {
  let words = '';
  try {
    for await (const { data } of readCriLog({ file, stdout: true, stderr: true, tail: 1 })) {
      words = Buffer.from(data).toString('utf8');
    }
  } catch {
    // a log that is gone tells nothing
  }
  return words;
}

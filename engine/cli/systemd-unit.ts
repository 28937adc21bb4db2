import { engineArguments, parseEngineOptions } from './engine-options.ts';

export const unitName = 'beluga.service';

/** The first line of a unit of ours, by which it is known again. */
export const unitMark = '# Written by `beluga service install`; `beluga service remove` takes it away.';

export interface UnitRequest {
  /** Absolute path of Node. */
  node: string;
  launcher: string;
  /** Of the engine. */
  flags: readonly string[];
}

/** A word of a command line (systemd.service(5), "COMMAND LINES"). */
function quoted(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', () => '$$');
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * The unit of the system's engine. Only the engine's own process is ended with it: monitors and containers go on, and
 * the next engine takes them up. @throws EngineError `invalid` (`request.invalid`) for flags that the engine refuses.
 */
export function systemdUnit({ node, launcher, flags }: UnitRequest): string {
  const command = [node, launcher, ...engineArguments(parseEngineOptions(flags))].map(quoted).join(' ');
  return `${unitMark}
[Unit]
Description=Beluga container engine
After=network-online.target nss-lookup.target firewalld.service time-set.target
Wants=network-online.target
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=exec
ExecStart=${command}
ExecReload=/bin/kill -s HUP $MAINPID
KillMode=process
Delegate=yes
Restart=always
RestartSec=2
# stopping the containers, at the latest when the machine goes down, takes as long as they are given
TimeoutStopSec=infinity
LimitNOFILE=infinity
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
`;
}

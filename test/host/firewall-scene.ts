import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Ended, runToEnd } from '../docker-cli.ts';
import { waitUntil } from '../wait-until.ts';

/** The unpacked packages of ufw, firewalld and what they need: `npm test` names them. */
export const firewallPrograms = process.env.BELUGA_FIREWALL_PROGRAMS;

/** A host on which ufw and firewalld are installed: their files are seen in a mount namespace of its own only. */
export interface FirewallPlace {
  /** Runs a program there. */
  run(program: string, ...args: string[]): Promise<Ended>;
  /** Runs firewalld with a system bus of its own; what is given back ends both. */
  startFirewalld(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** What the packages' own scripts do at their installation: ufw's rules, and the names of iptables on nftables. */
function installedFiles(root: string): string {
  const folder = path.join(root, 'installed');
  mkdirSync(path.join(folder, 'sbin'), { recursive: true });
  for (const family of ['iptables', 'ip6tables'])
    for (const name of [family, `${family}-save`, `${family}-restore`])
      symlinkSync('xtables-nft-multi', path.join(folder, 'sbin', name));
  return folder;
}

/** $0: unpacked packages, $1: more files for /usr, $2: scratch. /lib of the packages is /usr/lib of a merged host. */
const mountScript = [
  'mount -t tmpfs tmpfs "$2"',
  'mkdir "$2/upper" "$2/work"',
  'mount -t overlay overlay -o "lowerdir=$1:$0/usr:/usr" /usr',
  'mount -t overlay overlay -o "lowerdir=$0/lib:/usr/lib" /usr/lib',
  'mount -t overlay overlay -o "lowerdir=$0/etc:/etc,upperdir=$2/upper,workdir=$2/work" /etc',
  'mount -t tmpfs tmpfs /run',
  'mkdir /run/dbus',
  'cp /usr/share/ufw/iptables/*.rules /usr/share/ufw/ufw.conf /etc/ufw/',
  'chmod 640 /etc/ufw/*.rules',
  'echo ready',
  'exec cat',
].join(' && ');

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="root"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
`;

/** @param prefix what its commands are appended to: the network namespace they shall look after */
export async function openFirewallPlace(programs: string, prefix: readonly string[]): Promise<FirewallPlace> {
  const root = mkdtempSync(path.join(tmpdir(), 'beluga-firewall-'));
  const layers = path.join(root, 'layers');
  mkdirSync(layers);
  writeFileSync(path.join(root, 'bus.conf'), busConfig);
  const script = ['unshare', '--mount', '--', 'sh', '-c', mountScript, programs, installedFiles(root), layers];
  const [program = '', ...args] = [...prefix, ...script];
  // ends with its standard input, and takes its mounts along
  const holder = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const holderEnded = once(holder, 'exit');
  const [line] = await Promise.race([once(createInterface({ input: holder.stdout }), 'line'), holderEnded]);
  if (line !== 'ready') throw new Error(`the files of ufw and firewalld cannot be mounted: ${line}`);
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: '1' };
  const enter = ['-t', `${holder.pid}`, '--net', '--mount', '--'];
  const run = (...command: string[]) => runToEnd('nsenter', [...enter, ...command], { env, boundMs: 60_000 });
  const ends = new Set<() => Promise<void>>();
  const start = (...command: string[]) => {
    const child = spawn('nsenter', [...enter, ...command], { env, stdio: 'ignore' });
    const ended = once(child, 'exit');
    const end = async () => {
      ends.delete(end);
      child.kill('SIGTERM');
      await ended;
    };
    ends.add(end);
    return end;
  };
  return {
    run,
    async startFirewalld() {
      const endBus = start('dbus-daemon', '--nofork', `--config-file=${path.join(root, 'bus.conf')}`);
      const socket = `/proc/${holder.pid}/root/run/dbus/system_bus_socket`;
      await waitUntil('the bus is there', () => existsSync(socket));
      const endDaemon = start('firewalld', '--nofork', '--nopid');
      await waitUntil('firewalld runs', async () => (await run('firewall-cmd', '--state')).code === 0);
      return async () => {
        await endDaemon();
        await endBus();
      };
    },
    async close() {
      for (const end of ends) await end();
      holder.stdin.end();
      await holderEnded;
      rmSync(root, { recursive: true });
    },
  };
}

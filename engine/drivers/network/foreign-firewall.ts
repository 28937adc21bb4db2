/**
 * Other firewalls of the host (dockerd, ufw, firewalld) drop what is forwarded and not theirs. In nftables a packet has
 * to be accepted in every chain that would drop it, so ours is let through at the beginning of those chains.
 */
import type { Nftables } from './nftables.ts';

interface Chain {
  family: string;
  table: string;
  name: string;
  hook?: string;
  policy?: string;
}

interface Rule {
  family: string;
  table: string;
  chain: string;
  handle: number;
  comment?: string;
  expr?: readonly object[];
}

type Item = Readonly<Record<string, unknown>>;

/** Tables of every Beluga begin so. */
export const tablePrefix = 'beluga_';

const place = ({ family, table }: { family: string; table: string }, chain: string) => `${family} ${table} ${chain}`;

const chainsOf = (items: readonly Item[]) => items.flatMap(({ chain }) => (chain ? [chain as Chain] : []));
const rulesOf = (items: readonly Item[]) => items.flatMap(({ rule }) => (rule ? [rule as Rule] : []));

function drops(chain: Chain, rules: readonly Rule[]): boolean {
  if (chain.policy === 'drop') return true;
  return rules
    .filter((rule) => place(rule, rule.chain) === place(chain, chain.name))
    .some(({ expr = [] }) => expr.some((part) => 'drop' in part || 'reject' in part));
}

/** Chains to accept in: those that see forwarded packets and may drop them; Docker's own place for it where there is one. */
function droppingChains(items: readonly Item[]): string[] {
  const chains = chainsOf(items);
  const rules = rulesOf(items);
  const found = chains
    .filter(
      ({ hook, family, table }) =>
        hook === 'forward' && ['ip', 'inet'].includes(family) && !table.startsWith(tablePrefix),
    )
    .filter((chain) => drops(chain, rules))
    .map((chain) => {
      const dockers = chains.find(
        ({ family, table, name }) => name === 'DOCKER-USER' && place({ family, table }, '') === place(chain, ''),
      );
      return place(chain, (dockers ?? chain).name);
    });
  return [...new Set(found)];
}

/**
 * Commands after which forwarded packets of `bridge` pass; empty when they do already. Only what iptables-nft can read
 * back too: it refuses a whole table that has anything else in it.
 */
export function acceptCommands(
  items: readonly Item[],
  { bridge, comment }: { bridge: string; comment: string },
): string[] {
  const ours = new Set(
    rulesOf(items)
      .filter((rule) => rule.comment === comment)
      .map((rule) => place(rule, rule.chain)),
  );
  return droppingChains(items)
    .filter((chain) => !ours.has(chain))
    .flatMap((chain) => [
      `insert rule ${chain} oifname "${bridge}" accept comment "${comment}"`,
      `insert rule ${chain} iifname "${bridge}" accept comment "${comment}"`,
    ]);
}

/** Commands that take those rules away again. */
export function withdrawCommands(items: readonly Item[], comment: string): string[] {
  return rulesOf(items)
    .filter((rule) => rule.comment === comment)
    .map((rule) => `delete rule ${place(rule, rule.chain)} handle ${rule.handle}`);
}

/** Runs commands one by one, for a table may be another's alone. @returns what could not be done */
export function runEach(nft: Nftables, commands: readonly string[]): string[] {
  return commands.flatMap((command) => {
    try {
      nft.run(command);
      return [];
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
  });
}

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import type { BridgeRange } from '../../engine/drivers/network/address-pool.ts';
import { settleRange } from '../../engine/drivers/network/bridge-range.ts';
import { formatRange } from '../../engine/drivers/network/ip-address.ts';
import { openRouteSocket } from '../../engine/drivers/network/rtnetlink.ts';

const routes = openRouteSocket();
const others = `bt${randomBytes(3).toString('hex')}`;
after(() => {
  routes.removeLink(others);
  routes.close();
});

/** What another engine does that chose the same range. */
function takeAway(range: BridgeRange): void {
  const index = routes.addBridge({ name: others, mac: '02:42:00:00:00:07', mtu: 1500 });
  routes.addAddress(index, range.gateway + 1, range.prefix);
  routes.setUp(index);
}

test('a range that somebody else took while the bridge was made is given up for another', () => {
  const did: string[] = [];
  let remembered: string | undefined;
  const dependencies = {
    ...{ instance: randomBytes(6).toString('hex'), bridgeAddress: undefined },
    endpoints: {
      bridge: () => remembered,
      setBridge(text: string) {
        remembered = text;
      },
    },
  };
  const bridge = {
    ensure(range: BridgeRange) {
      if (did.length === 0) takeAway(range);
      did.push(formatRange(range));
    },
    remove: () => void did.push('removed'),
  };
  const range = settleRange(dependencies, bridge);
  const [first, then, second, ...more] = did;
  assert.deepEqual([then, second, more], ['removed', formatRange(range), []]);
  assert.notEqual(second, first);
  assert.ok(remembered?.endsWith(`/${range.prefix}`));
  assert.equal(formatRange(range).split('/')[0]?.replace(/0$/, '1'), remembered?.split('/')[0]);

  did.splice(0, Number.POSITIVE_INFINITY, 'later');
  const given = { ...dependencies, bridgeAddress: `${remembered}` };
  assert.deepEqual(settleRange(given, bridge), range, 'one that was given stays');
  assert.deepEqual(did, ['later', formatRange(range)]);
});

// kernels: uml, qemu
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { openNetlink } from '../../src/addon/netlink.js';
import { Links } from '../../src/links/links.js';
import type { Tunnel } from '../../src/links/tunnels.js';
import { NETLINK_ROUTE } from '../../src/links/uapi.js';
import { Exchange } from '../../src/netlink/exchange.js';

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });

function open(): Links {
  return new Links(new Exchange(openNetlink(NETLINK_ROUTE)));
}

t.test('interfaces and addresses are those that ip shows', async (t) => {
  const links = open();
  t.teardown(() => links.close());
  ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
  t.teardown(() => ip('link', 'del', 'v0'));
  ip('link', 'set', 'v0', 'up');
  ip('address', 'add', '192.0.2.1/24', 'dev', 'v0');
  ip('address', 'add', '2001:db8::1/64', 'dev', 'v0', 'nodad', 'noprefixroute', 'preferred_lft', '0');

  const told = JSON.parse(ip('-d', '-j', 'address')) as {
    ifindex: number;
    ifname: string;
    flags: string[];
    address?: string;
    addr_info: { local: string; prefixlen: number; scope: string }[];
  }[];
  const listed = await links.list();
  t.strictSame(
    listed.map(({ index, name, up }) => [index, name, up]),
    told.map(({ ifindex, ifname, flags }) => [ifindex, ifname, flags.includes('UP')]),
  );
  t.equal(listed.find(({ name }) => name === 'v0')?.kind, 'veth');
  t.equal(listed.find(({ name }) => name === 'v0')?.macAddress, told.find(({ ifname }) => ifname === 'v0')?.address);

  const addresses = await links.addresses();
  t.strictSame(
    addresses.map(({ address, prefixLength, scope }) => `${address}/${prefixLength} ${scope}`).sort(),
    told.flatMap(({ addr_info }) => addr_info.map((a) => `${a.local}/${a.prefixlen} ${a.scope}`)).sort(),
  );
  t.match(
    addresses.find(({ address }) => address === '2001:db8::1'),
    { nodad: true, noPrefixRoute: true, preferredSeconds: 0, tentative: false },
  );
  t.ok(
    (await links.routes()).some(({ destination, prefixLength }) => destination === '192.0.2.0' && prefixLength === 24),
  );
});

t.test('addresses come and go', async (t) => {
  const links = open();
  t.teardown(() => links.close());
  const four = { interface: 'lo', address: '198.51.100.1', prefixLength: 32, scope: 'host' } as const;
  const six = {
    interface: 'lo',
    address: '2001:db8::99',
    prefixLength: 128,
    nodad: true,
    preferredSeconds: 0,
  } as const;
  await links.addAddress(four);
  await links.addAddress(six);
  t.match(ip('address', 'show', 'dev', 'lo'), /198\.51\.100\.1\/32 scope host lo/);
  t.match(ip('address', 'show', 'dev', 'lo'), /2001:db8::99\/128 scope global nodad deprecated/);
  await t.rejects(links.addAddress(four), { code: 'LINK_EXISTS' });
  await links.deleteAddress(four);
  await links.deleteAddress(six);
  t.notMatch(ip('address', 'show', 'dev', 'lo'), /198\.51|2001:db8/);
  await t.rejects(links.deleteAddress(four), { code: 'LINK_NO_SUCH_ADDRESS' });
  await t.rejects(links.addAddress({ ...four, interface: 'nosuch0' }), { code: 'LINK_MISSING' });
});

const tunnels: readonly [tunnel: Tunnel, shown: RegExp][] = [
  [
    { name: 't1', kind: 'ipip', local: '192.0.2.1', remote: '192.0.2.2' },
    /ipip .*remote 192\.0\.2\.2 local 192\.0\.2\.1/,
  ],
  [{ name: 't2', kind: 'sit', local: '192.0.2.1', remote: '192.0.2.2' }, /sit .*remote 192\.0\.2\.2/],
  [
    { name: 't3', kind: 'ip6tnl', local: '2001:db8::1', remote: '2001:db8::2', inner: 'any' },
    /ip6tnl any remote 2001:db8::2/,
  ],
  [{ name: 't4', kind: 'gre', local: '192.0.2.1', remote: '192.0.2.2', checksum: true }, /gre .*icsum ocsum/],
  [{ name: 't5', kind: 'ip6gre', local: '2001:db8::1', remote: '2001:db8::2' }, /ip6gre remote 2001:db8::2/],
  [{ name: 't6', kind: 'ipip', external: true }, /ipip external/],
];

t.test('tunnels are made as asked, set up, set down and deleted', async (t) => {
  const links = open();
  t.teardown(() => links.close());
  for (const [tunnel, shown] of tunnels) {
    await links.addTunnel(tunnel);
    t.match(ip('-d', 'link', 'show', 'dev', tunnel.name), shown, tunnel.kind);
    await links.setUp(tunnel.name, true);
    t.match(await links.find(tunnel.name), {
      up: true,
      kind: tunnel.kind,
      resolvesNeighbours: tunnel.kind === 'ip6gre' ? Boolean : false,
    });
    await links.setUp(tunnel.name, false);
    t.equal((await links.find(tunnel.name))?.up, false);
    await links.deleteLink(tunnel.name);
    t.equal(await links.find(tunnel.name), undefined);
  }
  await t.rejects(links.addTunnel({ name: 't9', kind: 'ipip', local: '2001:db8::1' }), { code: 'LINK_REFUSED' });
});

t.test("asking for the kernel's own tunnel loads its module", async (t) => {
  const links = open();
  t.teardown(() => links.close());
  await t.rejects(links.addTunnel({ name: 'tunl0', kind: 'ipip' }), { code: 'LINK_EXISTS' });
  t.match(await links.find('tunl0'), { kind: 'ipip', up: false });
  await t.rejects(links.addTunnel({ name: 'ip6tnl0', kind: 'ip6tnl' }), { code: 'LINK_EXISTS' });
});

t.test('routes come', async (t) => {
  const links = open();
  t.teardown(() => links.close());
  await links.addRoute({ destination: '203.0.113.0', prefixLength: 24, interface: 'lo' });
  t.match(ip('route', 'show', '203.0.113.0/24'), /dev lo proto static scope link/);
  await t.rejects(links.addRoute({ destination: '203.0.113.0', prefixLength: 24, interface: 'lo' }), {
    code: 'LINK_EXISTS',
  });
});

/** Interfaces of a virtual router's own, and what the packet filter does for it, in a real kernel with a real client. */
// mostly waits
import '../helpers/own-machine.js';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { stateFile } from '../../src/system/state-file.js';
import {
  addressesOn,
  addressTexts,
  cable,
  HolderWorld,
  instanceText,
  ip,
  ipAccepts,
  ofClient,
  pings,
  until,
} from './holder-world.js';

cable();
const world = await HolderWorld.open();
t.setTimeout(120_000);
t.teardown(() => world.network.close());
const { network } = world;

const sysctl = (name: string): string => readFileSync(`/proc/sys/net/${name}`, 'utf8').trim();
const linkOf = (name: string) =>
  (JSON.parse(ip(`-j -d link show dev ${name}`)) as Record<string, unknown>[])[0] as {
    address: string;
    link: string;
    group: string;
    flags: string[];
    inet6_addr_gen_mode?: string;
    linkinfo: { info_kind: string; info_data: { mode: string } };
  };
/** Whom the client found behind an address. */
const neighbour = (address: string): string => {
  ofClient('ip', 'neigh', 'flush', 'to', address);
  pings(address);
  return /lladdr (\S+)/.exec(ofClient('ip', 'neigh', 'show', 'to', address).text)?.[1] ?? 'nobody';
};
const vmac = (lines: readonly string[] = [], addresses: readonly string[] = ['10.77.0.50/24']): string =>
  instanceText(addresses, ['use_vmac', ...lines]);

t.test('a VMAC: made, reached, and gone', async (t) => {
  const path = ['conf/eth0/arp_ignore', 'conf/eth0/arp_filter', 'conf/all/rp_filter', 'conf/eth1/rp_filter'];
  writeFileSync('/proc/sys/net/ipv4/conf/all/rp_filter', '2');
  const before = path.map((name) => sysctl(`ipv4/${name}`));
  const router = world.router(vmac());
  await router.prepare(false);
  t.match(linkOf('vrrp.51'), {
    address: '00:00:5e:00:01:33',
    link: 'eth0',
    linkinfo: { info_kind: 'macvlan', info_data: { mode: 'private' } },
  });
  await until('it runs', () => network.link('vrrp.51')?.running === true);
  t.same(
    ['arp_ignore', 'accept_local', 'rp_filter', 'promote_secondaries'].map((name) =>
      sysctl(`ipv4/conf/vrrp.51/${name}`),
    ),
    ['1', '1', '0', '1'],
  );
  t.equal(sysctl('ipv6/conf/vrrp.51/disable_ipv6'), '1');
  t.same(
    path.map((name) => sysctl(`ipv4/${name}`)),
    ['1', '1', '0', '2'],
  );
  t.equal(pings('10.77.0.50'), false);
  const [held] = await router.hold();
  t.match(held, { address: '10.77.0.50', interface: 'vrrp.51', mac: Uint8Array.of(0, 0, 0x5e, 0, 1, 0x33) });
  t.equal(held?.elsewhere, undefined);
  t.same(addressTexts('vrrp.51'), ['10.77.0.50/24']);
  t.equal(neighbour('10.77.0.50'), '00:00:5e:00:01:33');
  t.equal(pings('10.77.0.50'), true);
  t.not(neighbour('10.77.0.1'), '00:00:5e:00:01:33', 'the interface below answers for itself');
  const index = network.link('vrrp.51')?.index;
  await router.prepare(true);
  t.equal(network.link('vrrp.51')?.index, index, 'what is right stays');
  ip('link set eth0 down');
  await until('what is above it stands, too', () => network.link('vrrp.51')?.running === false);
  ip('link set eth0 up');
  await until('and runs again', () => network.link('vrrp.51')?.running === true);
  await router.dismantle();
  t.equal(network.link('vrrp.51'), undefined);
  t.same(
    path.map((name) => sysctl(`ipv4/${name}`)),
    before,
  );
  writeFileSync('/proc/sys/net/ipv4/conf/all/rp_filter', '0');
});

t.test('a VMAC of IPv6 speaks by the link-local address below it', async (t) => {
  await until('eth0 has one', () =>
    network.link('eth0')!.addresses.some(({ scope, usable }) => scope === 'link' && usable),
  );
  const below = network.link('eth0')!.addresses.find(({ scope }) => scope === 'link')?.address;
  const router = world.router(vmac([], ['fe80::50/64', '2001:db8::50/64']));
  await router.prepare(false);
  t.match(linkOf('vrrp6.51'), { address: '00:00:5e:00:02:33', inet6_addr_gen_mode: 'none' });
  t.same(
    network.link('vrrp6.51')?.addresses.map(({ address, scope, usable }) => [address, scope, usable]),
    [[below, 'link', true]],
  );
  t.match(addressesOn('vrrp6.51'), [{ local: below, preferred_life_time: 0 }]);
  await router.hold();
  ip('-n client addr add 2001:db8::9/64 dev c0 nodad');
  await until('it answers', () => pings('2001:db8::50'));
  t.equal(neighbour('2001:db8::50'), '00:00:5e:00:02:33');
  await router.dismantle();
  t.equal(network.link('vrrp6.51'), undefined);
});

t.test('names, groups, MACs of one’s own, and VMACs for addresses elsewhere', async (t) => {
  const text = [
    'vrrp_instance A {\ninterface eth0\nvirtual_router_id 7\nuse_vmac va 02:00:00:00:00:07 group 9\nuse_vmac_addr',
    'virtual_ipaddress {\n10.77.0.70/24\n10.78.0.70/24 dev eth1\n10.77.0.71/24 dev eth0\n}\n}',
    'vrrp_instance B {\ninterface eth1\nvirtual_router_id 7\nuse_vmac\nvirtual_ipaddress {\n10.78.0.80/24\n}\n}',
    'vrrp_instance C {\ninterface eth0\nvirtual_router_id 8\nvirtual_ipaddress {\n10.77.0.90/24 dev eth0\n10.78.0.90/24 dev eth1 use_vmac\n}\n}',
  ].join('\n');
  const routers = world.routers(text);
  for (const router of routers) await router.prepare(false);
  t.match(linkOf('va'), { address: '02:00:00:00:00:07', link: 'eth0', group: '9' });
  const [a, b, c] = await Promise.all(routers.map((router) => router.hold()));
  t.match(a, [
    { interface: 'va', elsewhere: undefined },
    { interface: 'vrrp.7', elsewhere: 'virtual' },
    { interface: 'eth0', elsewhere: 'other' },
  ]);
  t.equal(linkOf('vrrp.7').link, 'eth1');
  t.match(b, [{ interface: 'vrrp1.7' }], 'another VMAC has the first name');
  t.match(c, [{ interface: 'eth0' }, { interface: 'vrrp.8', elsewhere: 'virtual' }]);
  for (const router of routers) await router.dismantle();
  t.notOk(ipAccepts('link show type macvlan') && ip('link show type macvlan').includes('vrrp'));
});

t.test('a name that another interface has', async (t) => {
  ip('link add vrrp.51 type bridge');
  await until('it is known', () => network.link('vrrp.51') !== undefined);
  const router = world.router(vmac());
  await t.rejects(router.prepare(false), { code: 'LINK_EXISTS' });
  ip('link del vrrp.51');
  ip('link add link eth0 name vrrp.51 type macvlan mode bridge');
  await router.prepare(false);
  t.equal(linkOf('vrrp.51').address, '00:00:5e:00:01:33', 'a macvlan that is not as it should be is made anew');
  await router.dismantle();
});

t.test('no_accept: no packet comes through, but everybody learns where it is', async (t) => {
  const router = world.router(
    instanceText(['10.77.0.50/24'], ['no_accept', 'virtual_ipaddress_excluded {\n2001:db8::51/64\n}']),
  );
  await router.prepare(false);
  await router.hold();
  t.equal(pings('10.77.0.50'), false);
  t.equal(neighbour('10.77.0.50'), linkOf('eth0').address);
  t.equal(pings('2001:db8::51'), false);
  await until('IPv6 tells it, too', () => neighbour('2001:db8::51') === linkOf('eth0').address);
  t.equal(pings('10.77.0.1'), true, 'others are not meant');
  const accepting = world.router(instanceText(['10.77.0.50/24']));
  await accepting.prepare(true);
  await accepting.hold();
  t.equal(pings('10.77.0.50'), true);
  await router.dismantle();
  t.notMatch(ruleset(), /10\.77|vips/);
});

const ruleset = (): string => execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' });

t.test('memberships of a VMAC leave by the interface below it', async (t) => {
  const router = world.router(vmac());
  await router.prepare(false);
  t.match(ruleset(), /"vrrp.51" : "eth0"/);
  const sniffer = spawn('ip', ['netns', 'exec', 'client', 'python3', '-c', SNIFF], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => sniffer.kill());
  let said = '';
  sniffer.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
  await until('it listens', () => said.includes('ready'));
  ip('addr add 10.77.0.60/24 dev vrrp.51');
  ip('maddr add 01:00:5e:01:02:03 dev vrrp.51');
  const join = spawn('python3', ['-c', JOIN], { stdio: 'ignore' });
  t.teardown(() => join.kill());
  await until('a report came', () => said.includes('igmp'));
  t.match(said, new RegExp(`igmp ${linkOf('eth0').address}`));
  t.notMatch(said, /igmp 00:00:5e/);
  await router.dismantle();
  t.notMatch(ruleset(), /vrrp\.51/);
});

/** Says the source MAC of each IGMP packet that arrives. */
const SNIFF = `
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
s.bind(("c0", 0))
print("ready", flush=True)
while True:
    frame = s.recv(2000)
    if frame[23] == 2: print("igmp", ":".join("%02x" % b for b in frame[6:12]), flush=True)
`;
/** Joins a group on the VMAC, and stays. */
const JOIN = `
import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4si", socket.inet_aton("239.1.2.3"), socket.inet_aton("0.0.0.0"), socket.if_nametoindex("vrrp.51")))
time.sleep(60)
`;

t.test('a VMAC that somebody removes', async (t) => {
  const router = world.router(vmac());
  await router.prepare(false);
  await router.hold();
  world.lost.length = 0;
  ip('link del vrrp.51');
  await until('its address is missed', () => world.lost.length > 0);
  await router.prepare(true);
  await router.hold();
  t.same(addressTexts('vrrp.51'), ['10.77.0.50/24']);
  await router.dismantle();
});

t.test('sysctls find back to what they were though a process died between', async (t) => {
  const memory = stateFile(join(mkdtempSync(join(tmpdir(), 'lvsd-vrrp-')), 'sysctls'));
  const before = [sysctl('ipv4/conf/eth0/arp_ignore'), sysctl('ipv4/conf/eth0/arp_filter')];
  t.same(before, ['0', '0']);
  const dead = await HolderWorld.open(memory);
  await dead.router(vmac()).prepare(false);
  await dead.network.close();
  t.equal(sysctl('ipv4/conf/eth0/arp_ignore'), '1');
  const next = await HolderWorld.open(memory);
  const router = next.router(vmac());
  await router.prepare(true);
  await router.dismantle();
  t.same([sysctl('ipv4/conf/eth0/arp_ignore'), sysctl('ipv4/conf/eth0/arp_filter')], before);
  t.notOk(existsSync(memory.path));
  await next.network.close();
});

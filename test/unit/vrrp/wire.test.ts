/** Where adverts travel, by the configuration and the interfaces as they are. */
import t from 'tap';
import type { VrrpInstance } from '../../../src/config/vrrp/vrrp.js';
import type { HmacSettings } from '../../../src/vrrp/hmac.js';
import type { AddressView, LinkView } from '../../../src/vrrp/network.js';
import { networkFaults, sameWire, sourceOf, type Surroundings, wireOf } from '../../../src/vrrp/wire.js';
import { configurationOf } from '../../helpers/configuration.js';
import { instance } from '../../helpers/vrrp-side.js';

const read = (lines = '', version: 2 | 3 = 3, addresses = '10.77.0.50/24'): VrrpInstance =>
  configurationOf(instance(150, { lines, version, addresses })).vrrp.instances[0]!;

const address = (text: string, more: Partial<AddressView> = {}): AddressView => ({
  address: text,
  prefixLength: text.includes(':') ? 64 : 24,
  scope: text.startsWith('fe80') ? 'link' : 'global',
  usable: true,
  ...more,
});
const link = (name: string, addresses: readonly AddressView[], more: Partial<LinkView> = {}): LinkView => ({
  name,
  index: 2,
  running: true,
  mac: new Uint8Array(6),
  mtu: 1500,
  addresses,
  ...more,
});
const around = (base: LinkView | undefined, more: Partial<Surroundings> = {}): Surroundings => ({
  base,
  own: undefined,
  virtual: new Set(['10.77.0.50']),
  isHere: (text) => base?.addresses.some((one) => one.address === text) ?? false,
  link: () => undefined,
  ...more,
});
const eth0 = link('eth0', [address('10.77.0.50'), address('10.77.0.1'), address('fe80::1'), address('2001:db8::1')]);

t.test('the source: the first address that does not come and go with a master', (t) => {
  t.equal(sourceOf(read(), around(eth0)), '10.77.0.1');
  t.equal(sourceOf(read('mcast_src_ip 10.77.0.7'), around(eth0)), '10.77.0.7');
  t.equal(sourceOf(read('', 3, 'fe80::50/64\n2001:db8::50/64'), around(eth0)), 'fe80::1', 'IPv6 speaks link-locally');
  const tentative = link('eth0', [address('fe80::1', { usable: false })]);
  t.equal(sourceOf(read('', 3, 'fe80::50/64'), around(tentative)), undefined);
  t.end();
});

t.test('interfaces that addresses, routes and rules name are needed, unless no_track says otherwise', (t) => {
  const written = (noTrack: string): VrrpInstance =>
    read(
      `virtual_ipaddress_excluded { 10.78.0.51/24 dev eth2 ${noTrack} }
       virtual_routes {
         10.99.0.0/24 dev eth3 ${noTrack}
         10.98.0.0/24 ${noTrack} nexthop via 10.77.0.9 dev eth4
       }
       virtual_rules { from 10.99.0.0/24 iif eth5 table 100 ${noTrack} }
       track_interface { eth1 weight -20 }`,
      3,
      `10.77.0.50/24 dev eth0\n10.78.0.50/24 dev eth1 ${noTrack}`,
    );
  const places = ['eth1', 'eth2', 'eth3', 'eth4', 'eth5'];
  for (const place of places) {
    const without = (running: boolean | undefined): Surroundings =>
      around(eth0, {
        link: (name) => (name !== place ? { running: true } : running === undefined ? undefined : { running }),
      });
    t.same(networkFaults(written(''), without(true)), []);
    t.match(networkFaults(written(''), without(false)), [new RegExp(`^interface ${place}, .* is down$`)]);
    t.match(networkFaults(written(''), without(undefined)), [new RegExp(`^interface ${place}, .* does not exist$`)]);
    t.same(networkFaults(written('no_track'), without(undefined)), []);
  }
  t.end();
});

t.test('what keeps it from its work, in words', (t) => {
  const faults = (lines: string, base: LinkView | undefined): readonly string[] =>
    networkFaults(read(lines), around(base));
  t.same(faults('', eth0), []);
  t.same(faults('', undefined), ['interface eth0 does not exist']);
  t.same(faults('', { ...eth0, running: false }), ['interface eth0 is down']);
  t.same(faults('dont_track_primary', { ...eth0, running: false }), []);
  t.same(faults('', link('eth0', [])), ['eth0 has no IPv4 address to send from']);
  t.match(faults('use_vmac', eth0), ['the virtual interface above eth0 is not there']);
  t.same(faults('mcast_src_ip 10.77.0.9\ntrack_src_ip', eth0), ['source 10.77.0.9 is not on this machine']);
  t.same(networkFaults(read('', 3, 'fe80::50/64'), around(link('eth0', [address('10.77.0.1')]))), [
    'eth0 has no link-local address to send from',
  ]);
  t.end();
});

t.test('multicast, unicast to each peer, and the authentication header', (t) => {
  t.match(wireOf(read(), undefined, around(eth0)), {
    link: {
      protocol: 112,
      interface: 'eth0',
      sendInterface: 'eth0',
      source: '10.77.0.1',
      to: { group: '224.0.0.18' },
      ttl: 255,
    },
    send: [{ destination: '224.0.0.18', unicast: false, intervalMs: 1000, addresses: ['10.77.0.50'] }],
  });
  const unicast = wireOf(read('unicast_peer { 10.77.0.2\n10.77.0.3 }'), undefined, around(eth0));
  t.same(unicast?.link.to, { peers: ['10.77.0.2', '10.77.0.3'] });
  t.same(
    unicast?.send.map(({ destination, unicast: isUnicast }) => [destination, isUnicast]),
    [
      ['10.77.0.2', true],
      ['10.77.0.3', true],
    ],
    'in the order of the channel',
  );
  const header = read('authentication { auth_type AH\nauth_pass secret\n}', 2);
  t.equal(wireOf(header, undefined, around(eth0))?.link.protocol, 51);
  t.equal(wireOf(read(), undefined, around(link('eth0', []))), undefined);
  t.end();
});

t.test('multicast is heard by the VMAC: it keeps what comes from a partner with the same MAC for itself', (t) => {
  const own = around(eth0, { own: link('vrrp.51', []) });
  const interfaces = (lines: string): unknown => {
    const { interface: heard, sendInterface } = wireOf(read(lines), undefined, own)?.link ?? {};
    return [heard, sendInterface];
  };
  t.same(interfaces('use_vmac'), ['vrrp.51', 'vrrp.51']);
  t.same(interfaces('use_vmac\nvmac_xmit_base'), ['vrrp.51', 'eth0']);
  t.same(interfaces('use_vmac\nvmac_xmit_base\nunicast_peer { 10.77.0.2 }'), ['eth0', 'eth0']);
  t.end();
});

t.test('a channel stays while nothing of it differs, keys among it', (t) => {
  const hmac = (byte: number): HmacSettings => ({
    keys: new Map([[1, new Uint8Array(32).fill(byte)]]),
    activeKey: 1,
    windowMs: 5000,
    mode: 'enforce',
  });
  const wire = (lines: string, key?: number) =>
    wireOf(read(lines, key === undefined ? 2 : 3), key === undefined ? undefined : hmac(key), around(eth0));
  const password = (word: string): string => `authentication { auth_type PASS\nauth_pass ${word}\n}`;
  t.ok(sameWire(wire('', 1), wire('', 1)));
  t.notOk(sameWire(wire('', 1), wire('', 2)), 'another key under the same id');
  t.ok(sameWire(wire(password('one')), wire(password('one'))));
  t.notOk(sameWire(wire(password('one')), wire(password('two'))));
  t.notOk(sameWire(wire(''), wire('advert_int 2')));
  t.notOk(sameWire(wire(''), undefined));
  t.ok(sameWire(undefined, undefined));
  t.end();
});

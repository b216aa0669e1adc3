/** Routes, rules and virtual interfaces on the wire. */
import * as fc from 'fast-check';
import t from 'tap';
import { addVirtualLink, deleteAddress, setLinkMtu, withoutLinkLocal } from '../../../src/links/changes.js';
import { readAddress } from '../../../src/links/address-attrs.js';
import { readLink } from '../../../src/links/link-attrs.js';
import { readRoute, routeAttrs, writeRoute, writeTableQuestion } from '../../../src/links/route-attrs.js';
import { metricsOf } from '../../../src/links/route-metrics.js';
import { readRule, ruleAttrs, writeRule } from '../../../src/links/rule-attrs.js';
import { Malformed } from '../../../src/netlink/attributes.js';
import { Growing, memory } from '../../../src/netlink/bytes.js';
import { virtualLinkData } from '../../../src/links/virtual-links.js';
import { addressBytes } from '../../../src/model/address.js';

const written = (write: (to: Growing) => void): Uint8Array => {
  const to = new Growing();
  write(to);
  return to.written().slice();
};
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

t.test('virtual interfaces', (t) => {
  const vmac = {
    name: 'vrrp.51',
    parent: 3,
    kind: 'macvlan',
    mode: 'private',
    mac: Uint8Array.of(0, 0, 0x5e, 0, 1, 51),
    group: 9,
    mtu: 1400,
    master: 7,
  } as const;
  const { write, flags } = addVirtualLink(vmac);
  const bytes = written(write);
  t.equal(flags, 0x600, 'NLM_F_CREATE | NLM_F_EXCL');
  t.match(readLink(memory(bytes), 0, bytes.length).attributes, {
    address: vmac.mac,
    name: 'vrrp.51',
    mtu: 1400,
    parent: 3,
    master: 7,
    group: 9,
    info: { kind: 'macvlan', data: Uint8Array.of(8, 0, 1, 0, 1, 0, 0, 0) },
  });
  const rows = [
    ['macvlan', 'private', '0800010001000000'],
    ['macvlan', 'vepa', '0800010002000000'],
    ['macvlan', 'bridge', '0800010004000000'],
    ['ipvlan', 'bridge', '0600010000000000' + '0600020000000000'],
    ['ipvlan', 'private', '0600010000000000' + '0600020001000000'],
    ['ipvlan', 'vepa', '0600010000000000' + '0600020002000000'],
  ] as const;
  for (const [kind, mode, data] of rows)
    t.equal(hex(virtualLinkData({ name: 'x', parent: 1, kind, mode })), data, `${kind} ${mode}`);
  // struct ifinfomsg, then IFLA_AF_SPEC { AF_INET6 { IFLA_INET6_ADDR_GEN_MODE 1 } }
  t.equal(
    hex(written(withoutLinkLocal('x', 5).write)),
    '00000000050000000000000000000000' + '10001a80' + '0c000a80' + '0500080001000000',
  );
  t.equal(hex(written(setLinkMtu('x', 5, 1400).write)), '00000000050000000000000000000000' + '0800040078050000');
  t.end();
});

t.test('an address is deleted by what the kernel knows it by', (t) => {
  const local = addressBytes('192.0.2.1');
  const { write } = deleteAddress('x', {
    family: 2,
    prefixLength: 24,
    flags: 0x200,
    scope: 253,
    index: 3,
    attributes: { local, address: local, label: 'eth0:1', protocol: 18 },
  });
  const bytes = written(write);
  t.same(readAddress(memory(bytes), 0, bytes.length), {
    family: 2,
    prefixLength: 24,
    flags: 0,
    scope: 0,
    index: 3,
    attributes: { local, address: local },
  });
  t.end();
});

t.test('metrics', (t) => {
  t.equal(metricsOf({}), undefined);
  t.same(
    metricsOf({
      mtu: { value: 1400, locked: true },
      rtt: { value: 300, locked: false },
      rttvar: { value: 30, locked: false },
      congctl: { value: 'cubic', locked: true },
      features: { value: 'ecn', locked: false },
    }),
    { mtu: 1400, rtt: 2400, rttvar: 120, congctl: 'cubic', features: 1, lock: (1 << 2) | (1 << 16) },
  );
  t.throws(() => metricsOf({ lock: { value: 1, locked: false } }), TypeError);
  t.end();
});

const octets = (n: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: n, maxLength: n });
const u8 = fc.nat(255);
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const range = (most: number): fc.Arbitrary<{ from: number; to: number }> =>
  fc.record({ from: fc.nat(most), to: fc.nat(most) });

t.test('routes that are written are read back', (t) => {
  const way = fc.record({
    flags: u8,
    hops: u8,
    index: fc.nat(0x7fff_ffff),
    attributes: fc.record(
      { gateway: octets(4), flow: u32, encapsulation: fc.nat(9), encapsulationData: octets(8) },
      { requiredKeys: [] },
    ),
  });
  const attributes = fc.record(
    {
      destination: octets(4),
      source: octets(4),
      outInterface: u32,
      gateway: octets(4),
      priority: u32,
      preferredSource: octets(4),
      metrics: fc.record({ lock: u32, mtu: u32, rto_min: u32, congctl: fc.stringMatching(/^[a-z]{1,15}$/) }),
      ways: fc.array(way, { minLength: 1, maxLength: 4 }),
      flow: u32,
      via: fc.record({ family: fc.constant(10), address: octets(16) }),
      newDestination: octets(4),
      preference: u8,
      encapsulation: fc.nat(9),
      encapsulationData: octets(12),
      expires: u32,
      ttlPropagate: u8,
    } satisfies Partial<Record<keyof typeof routeAttrs, unknown>>,
    { requiredKeys: [] },
  );
  const message = fc.record({
    family: fc.constantFrom(2, 10),
    destinationLength: u8,
    sourceLength: u8,
    tos: u8,
    protocol: u8,
    scope: u8,
    type: u8,
    flags: u32,
    attributes,
    table: u32,
  });
  fc.assert(
    fc.property(message, ({ attributes: own, table, ...header }) => {
      const value = { ...header, attributes: { ...own, table } };
      const bytes = written((to) => writeRoute(to, value));
      t.same(readRoute(memory(bytes), 0, bytes.length), { ...value, table });
    }),
  );
  t.equal(hex(written((to) => writeTableQuestion(to, 2, 100))), '02' + '00'.repeat(11) + '08000f0064000000');
  t.end();
});

t.test('rules that are written are read back, and any bytes are read or refused', (t) => {
  const attributes = fc.record(
    {
      destination: octets(16),
      source: octets(4),
      inInterface: fc.stringMatching(/^[a-z0-9.]{1,15}$/),
      goto: u32,
      priority: u32,
      mark: u32,
      flow: u32,
      tunnelId: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      suppressGroup: u32,
      suppressPrefixLength: u32,
      table: u32,
      markMask: u32,
      outInterface: fc.stringMatching(/^[a-z0-9.]{1,15}$/),
      l3mdev: u8,
      uids: range(0x7fff_ffff),
      protocol: u8,
      ipProtocol: u8,
      sourcePorts: range(65_535),
      destinationPorts: range(65_535),
    } satisfies Record<keyof typeof ruleAttrs, unknown>,
    { requiredKeys: [] },
  );
  const message = fc.record({
    family: fc.constantFrom(2, 10),
    destinationLength: u8,
    sourceLength: u8,
    tos: u8,
    action: u8,
    flags: u32,
    attributes,
  });
  fc.assert(
    fc.property(message, (value) => {
      const bytes = written((to) => writeRule(to, value));
      t.same(readRule(memory(bytes), 0, bytes.length), value);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      for (const read of [readRule, readRoute])
        try {
          read(memory(bytes), 0, bytes.length);
        } catch (error) {
          if (!(error instanceof Malformed)) throw error;
        }
    }),
  );
  t.end();
});

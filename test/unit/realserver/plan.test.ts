import * as fc from 'fast-check';
import t from 'tap';
import { isSameDscp, type Observed, plan, type Step, sysctlsOf, type Wish } from '../../../src/realserver/plan.js';
import { stepText } from '../../../src/realserver/text.js';

const dr: Wish = { method: 'dr', vips: ['192.0.2.1'], tunnel: 'ipip', port: 6080, dscps: [] };

const lo = { name: 'lo', up: true, resolvesNeighbours: false };
const eth0 = { name: 'eth0', up: true, resolvesNeighbours: true };

/** A machine with lo, eth0 and the sysctls given; the others a wish asks for are 0. */
function machine(
  wish: Wish,
  extra: Partial<Omit<Observed, 'sysctls'>> & { sysctls?: Record<string, string> } = {},
): Observed {
  const tunnels = (extra.links ?? []).map(({ name }) => name);
  const there = (name: string): boolean =>
    !/tunl0|tnl0|gre0|sit0|lvs-any6/.test(name) || tunnels.some((tunnel) => name.includes(`/${tunnel}/`));
  const names = sysctlsOf(wish).filter(there);
  return {
    links: [lo, eth0, ...(extra.links ?? [])],
    addresses: extra.addresses ?? [],
    ports: extra.ports ?? [],
    dscps: extra.dscps ?? [],
    sysctls: new Map([...names.map((name): [string, string] => [name, '0']), ...Object.entries(extra.sysctls ?? {})]),
  };
}

const on = (name: string, address: string, prefixLength = address.includes(':') ? 128 : 32) => ({
  interface: name,
  address,
  prefixLength,
  dadFailed: false,
});

const rows: readonly [
  name: string,
  wish: Wish,
  observed: Observed,
  says: readonly string[],
  problems?: readonly string[],
][] = [
  [
    'dr: silence first, then the address',
    dr,
    machine(dr),
    [
      'sysctl net.ipv4.conf.all.arp_ignore = 1 (was 0)',
      'sysctl net.ipv4.conf.all.arp_announce = 2 (was 0)',
      'sysctl net.ipv4.conf.lo.arp_ignore = 1 (was 0)',
      'sysctl net.ipv4.conf.lo.arp_announce = 2 (was 0)',
      'address 192.0.2.1/32 on lo',
    ],
  ],
  [
    'dr: a stricter arp_ignore stays, arp_announce 1 does not do',
    dr,
    machine(dr, {
      sysctls: {
        'net/ipv4/conf/all/arp_ignore': '8',
        'net/ipv4/conf/all/arp_announce': '1',
        'net/ipv4/conf/lo/arp_ignore': '2',
        'net/ipv4/conf/lo/arp_announce': '2',
      },
      addresses: [on('lo', '192.0.2.1')],
    }),
    ['sysctl net.ipv4.conf.all.arp_announce = 2 (was 1)'],
  ],
  [
    'dr, IPv6: there is nothing to silence',
    { ...dr, vips: ['2001:db8::1'] },
    machine({ ...dr, vips: ['2001:db8::1'] }, { sysctls: { 'net/ipv6/conf/lo/disable_ipv6': '1' } }),
    ['sysctl net.ipv6.conf.lo.disable_ipv6 = 0 (was 1)', 'address 2001:db8::1/128 on lo'],
  ],
  [
    'dr on a dummy that is down',
    { ...dr, interface: 'vip.0' },
    machine({ ...dr, interface: 'vip.0' }, { links: [{ name: 'vip.0', up: false, resolvesNeighbours: false }] }),
    [
      'sysctl net.ipv4.conf.all.arp_ignore = 1 (was 0)',
      'sysctl net.ipv4.conf.all.arp_announce = 2 (was 0)',
      'sysctl net/ipv4/conf/vip.0/arp_ignore = 1 (was 0)',
      'sysctl net/ipv4/conf/vip.0/arp_announce = 2 (was 0)',
      'interface vip.0 up',
      'address 192.0.2.1/32 on vip.0',
    ],
  ],
  [
    'tun without its module: the device comes first',
    { ...dr, method: 'tun', vips: ['192.0.2.1', '2001:db8::1'] },
    machine({ ...dr, method: 'tun', vips: ['192.0.2.1', '2001:db8::1'] }),
    [
      'tunnel device tunl0 (ipip)',
      'tunnel device ip6tnl0 (ip6tnl)',
      'sysctl net.ipv4.conf.all.arp_ignore = 1 (was 0)',
      'sysctl net.ipv4.conf.all.arp_announce = 2 (was 0)',
      'sysctl net.ipv4.conf.tunl0.arp_ignore = 1 (not there yet)',
      'sysctl net.ipv4.conf.tunl0.arp_announce = 2 (not there yet)',
      'sysctl net.ipv4.conf.tunl0.rp_filter = 0 (not there yet)',
      'interface tunl0 up',
      'interface ip6tnl0 up',
      'sysctl net.ipv6.conf.ip6tnl0.disable_ipv6 = 0 (not there yet)',
      'address 192.0.2.1/32 on tunl0',
      'address 2001:db8::1/128 on ip6tnl0',
    ],
  ],
  [
    'tun under a strict reverse path filter for all: loose for the tunnel',
    { ...dr, method: 'tun' },
    machine(
      { ...dr, method: 'tun' },
      {
        links: [{ name: 'tunl0', up: true, resolvesNeighbours: false }],
        addresses: [on('tunl0', '192.0.2.1')],
        sysctls: {
          'net/ipv4/conf/all/rp_filter': '1',
          'net/ipv4/conf/all/arp_ignore': '1',
          'net/ipv4/conf/all/arp_announce': '2',
          'net/ipv4/conf/tunl0/arp_ignore': '1',
          'net/ipv4/conf/tunl0/arp_announce': '2',
        },
      },
    ),
    ['sysctl net.ipv4.conf.tunl0.rp_filter = 2 (was 0)'],
  ],
  [
    'gue: an IP tunnel and a port that opens it, for each family',
    { ...dr, method: 'tun', tunnel: 'gue', vips: ['2001:db8::1'] },
    machine(
      { ...dr, method: 'tun', tunnel: 'gue', vips: ['2001:db8::1'] },
      { links: [{ name: 'ip6tnl0', up: false, resolvesNeighbours: false }], ports: [{ family: 'ip4', port: 6080 }] },
    ),
    ['UDP port 6080 open for gue (IPv6)', 'interface ip6tnl0 up', 'address 2001:db8::1/128 on ip6tnl0'],
  ],
  [
    'the VIP on the network card answers for itself',
    dr,
    machine(dr, {
      addresses: [on('lo', '192.0.2.1'), on('eth0', '192.0.2.1', 24)],
      sysctls: {
        'net/ipv4/conf/all/arp_ignore': '1',
        'net/ipv4/conf/all/arp_announce': '2',
        'net/ipv4/conf/lo/arp_ignore': '1',
        'net/ipv4/conf/lo/arp_announce': '2',
      },
    }),
    [],
    ['192.0.2.1 is on eth0, too, which answers for it on the network; remove it there'],
  ],
  [
    'a whole network on lo is not one address',
    { ...dr, vips: ['2001:db8::1'] },
    machine({ ...dr, vips: ['2001:db8::1'] }, { addresses: [on('lo', '2001:db8::1', 64)] }),
    [],
    ['2001:db8::1 is on lo as /64; it must be /128'],
  ],
  [
    'an interface that is not there',
    { ...dr, vips: ['2001:db8::1'], interface: 'nosuch0' },
    machine(dr),
    [
      'interface nosuch0 up',
      'sysctl net.ipv6.conf.nosuch0.disable_ipv6 = 0 (not there yet)',
      'address 2001:db8::1/128 on nosuch0',
    ],
    ['there is no interface nosuch0'],
  ],
];

for (const [name, wish, observed, says, problems = []] of rows)
  t.test(name, (t) => {
    const planned = plan(wish, observed);
    t.strictSame(planned.steps.map(stepText), says);
    t.strictSame(planned.problems, problems);
    t.end();
  });

/** What a machine is after a step. */
function after(observed: Observed, step: Step): Observed {
  switch (step.do) {
    case 'set-sysctl':
      return { ...observed, sysctls: new Map([...observed.sysctls, [step.name, step.value]]) };
    case 'add-tunnel':
      return {
        ...observed,
        links: [...observed.links, { name: step.interface, up: false, resolvesNeighbours: false }],
      };
    case 'set-up':
      return {
        ...observed,
        links: observed.links.map((link) => (link.name === step.interface ? { ...link, up: true } : link)),
      };
    case 'open-port':
      return { ...observed, ports: [...observed.ports, step] };
    case 'add-address':
      return { ...observed, addresses: [...observed.addresses, on(step.interface, step.address)] };
    case 'map-dscp':
      return {
        ...observed,
        dscps: [...observed.dscps.filter((one) => !isSameDscp(one, step)), { dscp: step.dscp, vip: step.vip }],
      };
    default:
      throw new TypeError(step.do);
  }
}

t.test('a DSCP means its VIP of each family, after the VIP is there', (t) => {
  const wish: Wish = {
    ...dr,
    vips: ['192.0.2.1', '2001:db8::1'],
    dscps: [
      { dscp: 7, vip: '192.0.2.1' },
      { dscp: 7, vip: '2001:db8::1' },
    ],
  };
  const silent = {
    'net/ipv4/conf/all/arp_ignore': '1',
    'net/ipv4/conf/lo/arp_ignore': '1',
    'net/ipv4/conf/all/arp_announce': '2',
    'net/ipv4/conf/lo/arp_announce': '2',
  };
  const says = (observed: Partial<Observed>): readonly string[] =>
    plan(wish, { ...machine(wish, { sysctls: silent }), ...observed }).steps.map(stepText);
  t.strictSame(says({}), [
    'address 192.0.2.1/32 on lo',
    'address 2001:db8::1/128 on lo',
    'DSCP 7 means 192.0.2.1',
    'DSCP 7 means 2001:db8::1',
  ]);
  const addresses = [on('lo', '192.0.2.1'), on('lo', '2001:db8::1')];
  t.strictSame(says({ addresses, dscps: [{ dscp: 7, vip: '192.0.2.9' }, wish.dscps[1]!] }), [
    'DSCP 7 means 192.0.2.1 (was 192.0.2.9)',
  ]);
  t.strictSame(says({ addresses, dscps: [...wish.dscps, { dscp: 8, vip: '192.0.2.9' }] }), []);
  t.end();
});

t.test('done once, nothing is left to do', (t) => {
  const value = fc.constantFrom('0', '1', '2');
  const wishes = fc.record({
    method: fc.constantFrom('dr', 'tun'),
    tunnel: fc.constantFrom('ipip', 'gre', 'gue'),
    port: fc.constant(6080),
    over: fc.constantFrom('ip4', 'ip6'),
    vips: fc.uniqueArray(fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1'), { minLength: 1 }),
    dscps: fc.subarray([
      { dscp: 7, vip: '192.0.2.1' },
      { dscp: 8, vip: '192.0.2.2' },
      { dscp: 7, vip: '2001:db8::1' },
    ]),
  });
  fc.assert(
    fc.property(wishes, fc.array(value, { minLength: 12, maxLength: 12 }), (wish: Wish, values) => {
      const sysctls = Object.fromEntries(sysctlsOf(wish).map((name, i) => [name, values[i % values.length]!]));
      let observed = machine(wish, { sysctls });
      const { steps } = plan(wish, observed);
      t.equal(new Set(steps.map(stepText)).size, steps.length, 'nothing is done twice');
      for (const step of steps) observed = after(observed, step);
      t.strictSame(plan(wish, observed), { steps: [], problems: [] });
    }),
  );
  t.end();
});

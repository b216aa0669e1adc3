import t from 'tap';
import type { VppNumbers } from '../../../src/lb/vpp/numbers.js';
import { Typed } from './typed.js';

/** Of the session "drain, flush and garbage collection over time" of VPP. */
const numbers: VppNumbers = {
  usage: { live: 60n, capacity: 4096n },
  nodeCounters: [
    { count: 5n, reason: 'bad ip4 checksum', severity: 'error' },
    { count: 0n, reason: 'never', severity: 'error' },
    { count: 20n, reason: 'No error', severity: 'info' },
  ],
  counters: () => ({ existing: 60n, first: 120n, untracked: 0n, noServer: 3n }),
  flows: (_service, { address }) => ({ '10.0.0.3': 22, '10.0.0.2': 21, '10.0.0.1': 17 })[address] ?? 0,
  slots: (_service, { address }) => (address === '10.0.0.2' ? 341 : 512),
};

const site = (): Typed => {
  const vpp = new Typed(numbers);
  vpp.run('lb conf ip4-src-address 39.40.41.42 timeout 3');
  vpp.run('lb vip 90.0.0.0/8 encap gre4');
  vpp.run('lb as 90.0.0.0/8 10.0.0.1 10.0.0.2 10.0.0.3');
  return vpp;
};

t.test('show lb: what is used of how much', (t) => {
  t.equal(
    site().run('show lb'),
    'lb_main ip4-src-address: 39.40.41.42 \n ip6-src-address: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff \n #vips: 2\n #ass: 3\ncore 0\n  timeout: 3s\n  usage: 60 / 4096',
  );
  t.end();
});

t.test('show lb vips verbose: servers in the order of VPP, a removed one without slots', (t) => {
  const vpp = site();
  vpp.run('lb as 90.0.0.0/8 10.0.0.2 del');
  t.equal(
    vpp.run('show lb vips verbose'),
    ` ip4-gre4 [1] 90.0.0.0/8
  new_size:1024
  counters:
    packet from existing sessions: 60
    first session packet: 120
    untracked packet: 0
    no server configured: 3
  #as:3
    10.0.0.3 weight:100 buckets:512 flows:22 dpo:0 used
    10.0.0.2 weight:100 buckets:0 flows:21 dpo:1  removed
    10.0.0.1 weight:100 buckets:512 flows:17 dpo:2 used
`,
  );
  t.end();
});

t.test('show lb vips verbose: ports, dscp, stickiness and NAT where VPP prints them', (t) => {
  const vpp = new Typed();
  vpp.run('lb vip 101.0.0.2/32 protocol tcp port 53 encap l3dsr dscp 7 src_ip_sticky');
  vpp.run('lb vip 90.1.2.1/32 protocol udp port 3306 encap nat4 target_port 3307');
  t.equal(
    vpp.run('show lb vips verbose'),
    ` ip4-l3dsr [1] 101.0.0.2/32 src_ip_sticky
  new_size:1024
  protocol:6 port:53
  dscp:7
  counters:
    packet from existing sessions: 0
    first session packet: 0
    untracked packet: 0
    no server configured: 0
  #as:0

 ip4-nat4 [2] 90.1.2.1/32
  new_size:1024
  protocol:17 port:3306
  type:clusterip port:3306 target_port:3307  counters:
    packet from existing sessions: 0
    first session packet: 0
    untracked packet: 0
    no server configured: 0
  #as:0
`,
  );
  t.end();
});

t.test("show node counters: VPP's columns", (t) => {
  t.equal(
    site().run('show node counters').replaceAll('lvsd-engine', ' ip4-input '),
    [
      '   Count                  Node                              Reason               Severity ',
      '         5             ip4-input                       bad ip4 checksum            error  ',
      '        20             ip4-input                           No error                info   ',
    ].join('\n'),
  );
  t.end();
});

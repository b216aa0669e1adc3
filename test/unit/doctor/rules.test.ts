/** Rules that no machine of a test can break: by what such a machine tells. mends.test.ts and doctor.lab.ts have the others, for real. */
import t from 'tap';
import { type KernelTold, nothingTold } from '../../../src/doctor/director.js';
import { directorRules } from '../../../src/doctor/director-rules.js';
import { expectedOf } from '../../../src/doctor/expected.js';
import { parseFacts } from '../../../src/doctor/facts.js';
import { examine, type Finding } from '../../../src/doctor/finding.js';
import { serverRules } from '../../../src/doctor/server-rules.js';
import { configurationOf } from '../../helpers/configuration.js';

const file = (kind: string, vip = '203.0.113.10', extra = ''): string => `virtual_server ${vip} 80 {
  lb_algo mh
  lb_kind ${kind}
  protocol TCP
  real_server 10.0.1.11 80 {
    ${extra}
  }
}
`;

const factsFrom = (lines: readonly string[]): NonNullable<ReturnType<typeof parseFacts>> =>
  parseFacts([...lines, 'end of facts'].join('\n'))!;

function director(lines: readonly string[], text = file('NAT'), kernel: KernelTold = nothingTold): readonly Finding[] {
  const here = ['ipvs yes', 'address lo 203.0.113.10/32'];
  return examine(directorRules, {
    facts: factsFrom([...here, ...lines]),
    expected: expectedOf(configurationOf(text)),
    ...kernel,
  });
}

function server(lines: readonly string[], text = file('TUN')): readonly Finding[] {
  const { served } = expectedOf(configurationOf(text));
  return examine(serverRules, {
    facts: factsFrom(lines),
    served,
    directors: new Set(['10.0.1.1']),
    director: factsFrom([]),
    epoch: 1000,
  });
}

const rulesOf = (findings: readonly Finding[]): readonly string[] => findings.map(({ rule }) => rule);

t.test('a director that tells nothing is not judged', (t) => {
  t.same(director([]), []);
  t.end();
});

t.test('IPVS and its schedulers', (t) => {
  const expected = expectedOf(configurationOf(file('DR')));
  const withoutIpvs = (lines: readonly string[]): readonly Finding[] =>
    examine(directorRules, { facts: factsFrom(['address lo 203.0.113.10/32', ...lines]), expected, ...nothingTold });
  t.match(withoutIpvs(['kernel 6.1']), [{ text: 'the kernel 6.1 has no module ip_vs', mend: null }]);
  t.match(withoutIpvs(['loadable ip_vs', 'loadable ip_vs_mh']), [{ rule: 'ipvs-missing', mend: 'modprobe ip_vs' }]);
  t.match(director(['loadable ip_vs', 'loadable ip_vs_rr']), [
    { rule: 'scheduler-missing', text: 'tcp 203.0.113.10:80 wants the scheduler mh, and there is no module ip_vs_mh' },
  ]);
  t.same(director(['loadable ip_vs', 'module ip_vs_mh']), []);
  t.end();
});

t.test('tables that are full or small', (t) => {
  const tracked = (count: number): readonly Finding[] =>
    director([`sysctl net/netfilter/nf_conntrack_count ${count}`, 'sysctl net/netfilter/nf_conntrack_max 1000']);
  t.match(tracked(801), [{ rule: 'conntrack-full', mend: 'sysctl -w net/netfilter/nf_conntrack_max=2000' }]);
  t.same(tracked(800), []);
  const connections = (count: number): readonly Finding[] =>
    director(['conn-tab-bits 12'], file('NAT'), { idleSeconds: 7200, connections: count });
  t.match(connections(100_000), [{ rule: 'connection-table', mend: /conn_tab_bits=17'/ }]);
  t.match(connections(10_000_000), [{ mend: /conn_tab_bits=20'/ }]);
  t.same(connections(16_384), []);
  t.end();
});

t.test('a port that is used again', (t) => {
  const on = (kernel: string): readonly Finding[] =>
    director([`kernel ${kernel}`, 'sysctl net/ipv4/vs/conntrack 1', 'sysctl net/ipv4/vs/conn_reuse_mode 1']);
  t.same(rulesOf(on('5.9.16-amd64')), ['conn-reuse-delay', 'conntrack-of-ipvs']);
  t.same(rulesOf(on('5.10.0-40-amd64')), ['conntrack-of-ipvs']);
  t.same(rulesOf(on('4.19')), ['conn-reuse-delay', 'conntrack-of-ipvs']);
  t.end();
});

t.test('links that merge, and a clock that follows none', (t) => {
  t.match(director(['merges eth0']), [{ rule: 'lro', mend: 'ethtool -K eth0 lro off' }]);
  t.match(director(['synchronised no']), [{ rule: 'clock' }]);
  t.same(director(['synchronised yes']), []);
  t.end();
});

t.test('the gravest comes first', (t) => {
  const findings = director(['merges eth0', 'sysctl net/ipv4/vs/drop_entry 1', 'sysctl net/ipv4/ip_forward 0']);
  t.same(
    findings.map(({ severity }) => severity),
    ['wrong', 'risk', 'hint'],
  );
  t.end();
});

const here = ['address tunl0 203.0.113.10/32', 'sockets told', 'listen tcp 00000000:0050'];
const tunnel = 'link 5: tunl0@NONE: <NOARP,UP,LOWER_UP> mtu 1480 qdisc noop \\    link/ipip 0.0.0.0 brd 0.0.0.0';

t.test('a server at the end of a tunnel', (t) => {
  t.same(server([...here, tunnel]), []);
  t.match(server(here), [
    { rule: 'server-tunnel-missing', mend: 'lvsd realserver --vip 203.0.113.10 --method tun --tunnel ipip' },
  ]);
  t.match(server([...here, tunnel.replace(',UP', '')]), [{ rule: 'server-tunnel-missing' }]);
  t.match(server([...here, tunnel.replace('ipip', 'gre')]), [{ rule: 'server-tunnel-missing' }]);
  const filters = ['sysctl net/ipv4/conf/all/rp_filter 0', 'sysctl net/ipv4/conf/tunl0/rp_filter 1'];
  t.match(server([...here, tunnel, ...filters]), [
    { rule: 'server-tunnel-filter', mend: 'sysctl -w net/ipv4/conf/tunl0/rp_filter=2' },
  ]);
  t.match(server([...here, tunnel, 'sysctl net/ipv4/tcp_mtu_probing 0']), [{ rule: 'server-mtu-probing' }]);
  t.end();
});

t.test('a server in another time, or without IPv6', (t) => {
  t.match(server([...here, tunnel, 'epoch 1010']), [{ text: "its clock is 10 s ahead of the director's" }]);
  t.match(server([...here, tunnel, 'epoch 990']), [{ text: "its clock is 10 s behind the director's" }]);
  t.same(server([...here, tunnel, 'epoch 1001']), []);
  const six = file('DR', '2001:db8::1').replace('10.0.1.11', '2001:db8:1::11');
  t.same(rulesOf(server(['sysctl net/ipv6/conf/lo/disable_ipv6 1'], six)), ['server-vip-missing', 'server-ipv6-off']);
  t.end();
});

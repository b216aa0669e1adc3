import fc from 'fast-check';
import t from 'tap';
import { parseFacts } from '../../../src/doctor/facts.js';

const told = `kernel 6.1.0-40-amd64
host lb1
epoch 1795314944
synchronised yes
ipvs yes
module ip_vs
loadable ip_vs_mh
conn-tab-bits 12
sysctl net/ipv4/vs/sync_threshold 3	50
sysctl net/ipv4/conf/eth0.100/rp_filter 1
link 4: eth0.100@eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1400 qdisc noqueue state UP mode DEFAULT group default qlen 1000\\    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
link 5: tunl0@NONE: <NOARP> mtu 1480 qdisc noop state DOWN mode DEFAULT group default qlen 1000\\    link/ipip 0.0.0.0 brd 0.0.0.0
address eth0.100 10.0.0.1/24
address lo 2001:DB8::1/128
address ppp0 10.9.9.9
gateway default via 192.0.2.1 dev eth0
gateway default via inet6 fe80::1 dev eth0
route 10.0.0.9 10.0.0.9 dev eth0.100 src 10.0.0.1 uid 0
sockets told
listen tcp 0100007F:0050
listen tcp 00000000000000000000000001000000:1F90
listen udp B80D0120000000000000000001000000:0035
end of facts
`;

t.test('what a machine told', (t) => {
  const facts = parseFacts(told)!;
  t.match(facts, { kernel: '6.1.0-40-amd64', host: 'lb1', epoch: 1795314944, isSynchronised: true, hasIpvs: true });
  t.same([...facts.modules, ...facts.loadable, facts.connTabBits], ['ip_vs', 'ip_vs_mh', 12]);
  t.equal(facts.sysctls.get('net/ipv4/vs/sync_threshold'), '3 50');
  t.equal(facts.sysctls.get('net/ipv4/conf/eth0.100/rp_filter'), '1');
  t.same(facts.links.get('eth0.100'), { type: 'ether', isUp: true, mtu: 1400 });
  t.same(facts.links.get('tunl0'), { type: 'ipip', isUp: false, mtu: 1480 });
  t.same(facts.addresses, [
    { link: 'eth0.100', address: '10.0.0.1', prefixLength: 24 },
    { link: 'lo', address: '2001:db8::1', prefixLength: 128 },
    { link: 'ppp0', address: '10.9.9.9', prefixLength: 32 },
  ]);
  t.same(facts.gateways, ['192.0.2.1', 'fe80::1']);
  t.equal(facts.routes.get('10.0.0.9'), 'eth0.100');
  t.same(facts.listening, [
    { protocol: 'tcp', address: '127.0.0.1', port: 80 },
    { protocol: 'tcp', address: '::1', port: 8080 },
    { protocol: 'udp', address: '2001:db8::1', port: 53 },
  ]);
  t.end();
});

t.test('a shell that broke off told nothing', (t) => {
  t.equal(parseFacts(told.slice(0, -10)), undefined);
  t.equal(parseFacts(''), undefined);
  t.end();
});

t.test('what makes no sense is not known', (t) => {
  const facts = parseFacts(
    'epoch soon\nlink\naddress eth0\naddress eth0 ten/24\nlisten tcp zz\nlisten icmp 00000000:0000\nsockets told\ngateway default dev ppp0\nend of facts',
  )!;
  t.equal(facts.epoch, undefined);
  t.same([facts.addresses, facts.listening, facts.gateways], [[], [], []]);
  t.end();
});

t.test('whatever a machine says is no exception', (t) => {
  const words = fc.constantFrom('kernel', 'epoch', 'sysctl', 'link', 'address', 'gateway', 'route', 'listen', 'merges');
  const line = fc.tuple(words, fc.string()).map((parts) => parts.join(' '));
  fc.assert(fc.property(fc.array(line), (lines) => parseFacts([...lines, 'end of facts'].join('\n')) !== undefined));
  t.end();
});

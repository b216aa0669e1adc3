/** Tags that a frame comes with are kept, whichever way it is read: 802.1Q, and 802.1ad around it. */
import '../helpers/own-machine.js';
import t from 'tap';
import { ask, Peer, serve } from '../lab/peers.js';
import { Network, type Topology } from '../lab/topology.js';
import { direct, globals, type Mode, root, virtualServer } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit
const vlan = ['/usr/bin/python3', `${root}test/engine/vlan.py`];
const natVip = '10.1.0.100';
const directVip = '10.1.0.101';
const server = '10.2.0.11';

const directorAddresses = ['10.1.0.1/24', `${natVip}/32`, `${directVip}/32`];
/** Bridges between them: a bridge takes the tag out of a frame, and its devices hand it on beside the frame. */
const bridged: Topology = {
  hosts: {
    client: { links: { outside: ['10.1.0.2/24'] } },
    director: { links: { outside: directorAddresses, inside: ['10.2.0.1/24'] } },
    server: { links: { inside: [`${server}/24`] }, routes: ['default via 10.2.0.1'] },
  },
};
/** Nothing between them: a tag is in the frame, as on a wire. */
const wired: Topology = {
  hosts: {
    client: {
      links: {},
      ip: [
        'link add name outside type veth peer name outside netns director',
        'address add 10.1.0.2/24 dev outside',
        'link set outside up',
      ],
    },
    director: {
      links: {},
      ip: [
        'link add name inside type veth peer name inside netns server',
        ...directorAddresses.map((address) => `address add ${address} dev outside`),
        'address add 10.2.0.1/24 dev inside',
        'link set outside up',
        'link set inside up',
      ],
    },
    server: {
      links: {},
      ip: [`address add ${server}/24 dev inside`, 'link set inside up', 'route add default via 10.2.0.1'],
    },
  },
};

const service = (vip: string, port: number, method: string): string =>
  virtualServer(`${vip} ${port}`, ['lvs_sched rr', `lvs_method ${method}`, 'protocol UDP'], [`${server} ${port}`]);

/** No XDP program sees a tag beside the frame (before the kernel's 6.8): there the bridge's devices need `ethtool -K DEVICE txvlan off`. */
const sites: readonly (readonly [mode: Mode, name: string, topology: Topology])[] = [
  ['xdp', 'wires', wired],
  ['packet', 'wires', wired],
  ['packet', 'bridges', bridged],
];

for (const [mode, name, topology] of sites) {
  t.test(`${mode}, ${name}`, async (t) => {
    await using network = await Network.build(topology);
    await serve('server', [{ protocol: 'udp', address: server, port: 53 }]);
    await using director = await direct(
      'director',
      globals(['outside', 'inside'], mode) +
        service(natVip, 53, 'NAT') +
        service(natVip, 7000, 'NAT') +
        service(directVip, 7000, 'DR'),
    );
    // the client and the server are known as neighbours from here on
    t.match(await ask(network, 'client', { protocol: 'udp', address: natVip, port: 53 }), [{ server: 'server' }]);
    await using tagged = new Peer(['ip', 'netns', 'exec', 'server', ...vlan, 'serve', 'inside']);
    await tagged.line();
    const mac = (await network.must('director', 'cat', '/sys/class/net/outside/address')).trim();
    const send = async (
      vip: string,
      tags: string,
      seconds: number,
    ): Promise<readonly [arrived: string, back: string]> => {
      const back = network.must('client', ...vlan, 'ask', 'outside', mac, '10.1.0.2', vip, tags, String(seconds));
      return [await tagged.line(), (await back).trim()];
    };
    for (const [what, tags] of [
      ['none', '-'],
      ['802.1Q', '8100:00a'],
      ['priority and VLAN', '8100:600f'],
      ['QinQ', '88a8:014,8100:00a'],
    ] as const) {
      t.strictSame(await send(natVip, tags, 30), [`${tags} ${server} good`, `${tags} ${natVip} good`], `NAT, ${what}`);
      const [arrived] = await send(directVip, tags, 0.1);
      t.equal(arrived, `${tags} ${directVip} good`, `DR, ${what}`);
    }
    await director.stop();
  });
}

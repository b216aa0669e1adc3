// kernels: uml, qemu
/** Probes that travel as a client's packets do: they see what a probe of the server's own address cannot, for each forwarding method. */
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { eventually } from './eventually.js';
import { Director } from './lvsd-process.js';
import { serve } from './peers.js';
import { type Host, Network, type Topology } from './topology.js';

const vip = '10.1.0.100';
const file = '/run/via.conf';

/** A server that has the address of the service and does not speak of it on the link. */
const directServer = (address: string, ip: readonly string[] = []): Host => ({
  links: { lo: [`${vip}/32`], inside: [`${address}/24`] },
  routes: [],
  sysctls: { 'net.ipv4.conf.all.arp_ignore': 1, 'net.ipv4.conf.all.arp_announce': 2 },
  ip,
});
const tunnel = (kind: string, address: string): readonly string[] => [
  `link add name t0 type ${kind} local ${address} remote 10.2.0.1`,
  'link set t0 up',
];

const topology: Topology = {
  hosts: {
    director: { links: { lo: [`${vip}/32`], inside: ['10.2.0.1/24'] }, sysctls: { 'net.ipv4.ip_forward': 1 } },
    nat: { links: { inside: ['10.2.0.11/24'] } },
    dr: directServer('10.2.0.12'),
    ipip: directServer('10.2.0.13', tunnel('ipip', '10.2.0.13')),
    gre: directServer('10.2.0.14', tunnel('gre', '10.2.0.14')),
  },
};
const servers = {
  nat: { address: '10.2.0.11', method: 'NAT', spoil: undefined },
  dr: { address: '10.2.0.12', method: 'DR', spoil: ['ip', 'address', 'delete', `${vip}/32`, 'dev', 'lo'] },
  ipip: { address: '10.2.0.13', method: 'TUN', spoil: ['ip', 'link', 'set', 't0', 'down'] },
  gre: { address: '10.2.0.14', method: 'TUN type gre', spoil: ['ip', 'link', 'set', 't0', 'down'] },
} as const;

const configuration = `
virtual_server ${vip} 80 {
    delay_loop 0.5
    lb_algo rr
    lb_kind DR
    protocol TCP
${Object.values(servers)
  .map(
    ({ address, method }) => `    real_server ${address} 80 {
        lvs_method ${method}
        alpha
        TCP_CHECK {
            connect_timeout 30
            retry 1
            delay_before_retry 0.2
            warmup 0
        }
        HTTP_GET {
            via_forwarding
            url {
                path /
                status_code 200
            }
            connect_timeout 6
            retry 1
            delay_before_retry 0.2
            warmup 0
            fast_recovery
        }
    }`,
  )
  .join('\n')}
}
`;

t.test('via_forwarding', async (t) => {
  await using network = await Network.build(topology);
  for (const name of ['ipip', 'gre'])
    await network.must(name, 'sh', '-c', 'echo 0 >/proc/sys/net/ipv4/conf/t0/rp_filter');
  writeFileSync(file, configuration);
  for (const [name, { address }] of Object.entries(servers)) {
    const own = { protocol: 'http', address, port: 80 } as const;
    await serve(name, name === 'nat' ? [own] : [own, { ...own, address: vip }]);
  }
  await using director = new Director('director', file);
  await director.until('daemon.started');

  const verdicts = new Map<string, string>();
  const note = (said: Record<string, unknown>): void => {
    const [, server = ''] = String(said['server']).split(' -> ');
    verdicts.set(`${String(said['check'])} ${server.split(':')[0]!}`, String(said['verdict']));
  };
  // some come before it says that it has started
  director.said.filter(({ event }) => event === 'health.verdict').forEach(note);
  const wait = async (check: string, address: string, verdict: string): Promise<void> => {
    while (verdicts.get(`${check} ${address}`) !== verdict) note(await director.until('health.verdict'));
  };
  for (const [name, { address, method }] of Object.entries(servers)) {
    await wait('http', address, 'up');
    t.pass(`${name}: a probe through ${method} is answered by the service's own address`);
  }
  for (const [name, { address, spoil }] of Object.entries(servers)) {
    if (spoil === undefined) continue;
    await network.must(name, ...spoil);
    await wait('http', address, 'down');
    t.equal(
      verdicts.get(`tcp ${address}`),
      'up',
      `${name} answers itself and not for the service: only that probe sees it`,
    );
  }
  // a verdict is told before the table is changed
  const listed = await eventually(async () => {
    const text = await network.must('director', 'ipvsadm', '-Sn');
    if (new RegExp(`-a -t ${vip}:80 -r 10\\.2\\.0\\.1[234]`).test(text)) throw new Error(`the others serve: ${text}`);
    return text;
  });
  t.match(listed, new RegExp(`-a -t ${vip}:80 -r 10\\.2\\.0\\.11:80`), 'the healthy one serves, the others do not');

  director.kill('SIGTERM');
  await director.until('daemon.stopped');
  t.equal(await network.must('director', 'ipvsadm', '-Sn'), '', 'at the end the services of probes are gone too');
  t.equal(
    (await network.must('director', 'cat', '/proc/sys/net/ipv4/conf/inside/accept_local')).trim(),
    '0',
    'and the sysctl is as it was',
  );
});

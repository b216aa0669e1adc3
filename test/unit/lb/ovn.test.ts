import t from 'tap';
import { step } from '../../../src/lb/ovn/nbctl.js';
import { emptyOvnState, type OvnState } from '../../../src/lb/ovn/state.js';
import { tableOfOvn } from '../../../src/lb/ovn/table.js';

const interfacesOf = (name: string): readonly string[] | undefined =>
  ({ sw0: ['veth0', 'veth1'], sw1: ['veth2'], lr0: ['eth0'] })[name];

class Nbctl {
  state: OvnState = emptyOvnState;
  #next = 1;

  /** Standard output, or the complaint. */
  run(line: string): string {
    const outcome = step(this.state, line.split(' '), {
      interfacesOf,
      uuid: () => `00000000-0000-4000-8000-00000000000${this.#next++}`,
    });
    this.state = outcome.state;
    return outcome.error ?? outcome.out;
  }
}

const session = (...lines: readonly string[]): Nbctl => {
  const nbctl = new Nbctl();
  for (const line of lines) t.equal(nbctl.run(line), '', line);
  return nbctl;
};

t.test('lb-list: columns of ovn-nbctl, rows by name, VIPs by text', (t) => {
  const nbctl = session(
    'lb-add lb1 30.0.0.20:80 10.0.0.1:80,10.0.0.2:80',
    'lb-add lb1 30.0.0.10 10.0.0.1,10.0.0.2',
    'lb-add lb0 [fd00::1]:53 [fd00::2]:53 udp',
  );
  t.equal(
    nbctl.run('lb-list'),
    `UUID                                    LB                  PROTO      VIP             IPs
00000000-0000-4000-8000-000000000002    lb0                 udp        [fd00::1]:53    [fd00::2]:53
00000000-0000-4000-8000-000000000001    lb1                 tcp        30.0.0.10       10.0.0.1,10.0.0.2
                                                            tcp        30.0.0.20:80    10.0.0.1:80,10.0.0.2:80
`,
  );
  t.equal(nbctl.run('lb-list lb9'), '');
  t.match(nbctl.run('lb-list lb0'), /^UUID[^\n]*\n0+-0000-4000-8000-000000000002[^\n]*\n$/);
  t.end();
});

t.test('complaints', (t) => {
  const nbctl = session('lb-add lb0 30.0.0.1:80 10.0.0.1:80');
  const rows: readonly (readonly [string, string])[] = [
    ['lb-add lb0 30.0.0.1:80 10.0.0.2:80', 'lb0: a load balancer with this vip (30.0.0.1:80) already exists'],
    ['lb-add lb0 30.0.0.1:81 10.0.0.2:80 icmp', 'icmp: protocol must be one of "tcp", "udp",  or "sctp".'],
    [
      'lb-add lb0 30.0.0.x 10.0.0.2',
      '30.0.0.x: should be an IP address (or an IP address and a port number with : as a separator).',
    ],
    ['lb-add lb0 30.0.0.1 10.0.0.2 tcp', 'Protocol is unnecessary when no port of vip is given.'],
    ['lb-add lb0 30.0.0.2:80 10.0.0.2', '10.0.0.2: should be an IP address and a port number with : as a separator.'],
    ['lb-add lb0 30.0.0.2 10.0.0.2:80', '10.0.0.2:80: should be an IP address.'],
    ['lb-add lb0 30.0.0.2:80 [fd00::1]:80', '[fd00::1]:80: IP address family is different from VIP 30.0.0.2:80.'],
    ['lb-del lb0 30.0.0.9:80', 'vip 30.0.0.9:80 is not part of the load balancer.'],
    ['ls-lb-add sw9 lb0', 'sw9: switch name not found'],
    ['ls-lb-add sw0 lb9', 'lb9: load balancer name not found'],
    ['lr-lb-del lr0 lb0', 'load balancer lb0 is not part of any logical router.'],
    ['lb-add --bogus lb0 30.0.0.2:80 10.0.0.1:80', "'lb-add' command has no '--bogus' option"],
    ['lb-add lb0', "'lb-add' command requires at least 3 arguments"],
    ['ls-lb-list', "'ls-lb-list' command requires at least 1 arguments"],
  ];
  const before = nbctl.state;
  for (const [line, complaint] of rows) t.equal(nbctl.run(line), complaint, line);
  t.equal(nbctl.state, before, 'nothing was changed');
  t.end();
});

t.test('--may-exist, --add-duplicate, --if-exists, and what is deleted', (t) => {
  const nbctl = session(
    'lb-add lb0 30.0.0.1:80 10.0.0.1:80',
    '--may-exist lb-add lb0 30.0.0.1:80 10.0.0.9:80',
    'lb-add --add-duplicate lb0 30.0.0.2:80 10.0.0.1:80',
    'lb-del lb9',
    'lb-del 00000000-0000-4000-8000-000000000002',
    '--if-exists lb-del lb0 30.0.0.7:80',
  );
  t.same([...nbctl.state.loadBalancers[0]!.vips], [['30.0.0.1:80', '10.0.0.9:80']]);
  nbctl.run('lb-add --add-duplicate lb0 30.0.0.2:80 10.0.0.1:80');
  t.equal(nbctl.run('lb-del lb0'), "Multiple load balancers named 'lb0'.  Use a UUID.");
  t.equal(nbctl.run('lb-del 00000000-0000-4000-8000-000000000001 30.0.0.1:80'), '');
  t.same(
    nbctl.state.loadBalancers.map(({ uuid }) => uuid.at(-1)),
    ['3'],
    'the last VIP took the load balancer along',
  );
  t.end();
});

t.test('a load balancer takes packets from the interfaces of what it is attached to, and from no other', (t) => {
  const nbctl = session('lb-add lb0 30.0.0.1:80 10.0.0.1:8080,10.0.0.2:8080', 'lb-add lb0 30.0.0.2 10.0.0.1');
  t.equal(tableOfOvn(nbctl.state, interfacesOf).size, 0, 'it is attached to nothing');
  for (const line of ['ls-lb-add sw0 lb0', 'lr-lb-add lr0 lb0']) t.equal(nbctl.run(line), '');
  t.equal(
    nbctl.run('ls-lb-add sw0 lb0'),
    '00000000-0000-4000-8000-000000000001 : a load balancer with this UUID already exists',
  );
  t.equal(nbctl.run('--may-exist ls-lb-add sw0 lb0'), '');
  const table = tableOfOvn(nbctl.state, interfacesOf);
  t.same([...table.keys()], ['tcp 30.0.0.1:80', 'any 30.0.0.2:0']);
  t.same(table.get('tcp 30.0.0.1:80')?.settings.engine?.interfaces, ['veth0', 'veth1', 'eth0']);
  t.same([...table.get('tcp 30.0.0.1:80')!.destinations.keys()], ['10.0.0.1:8080', '10.0.0.2:8080']);
  t.match(nbctl.run('ls-lb-list sw0'), /lb0/);
  nbctl.run('ls-lb-del sw0 lb0');
  t.equal(nbctl.run('ls-lb-list sw0'), '');
  t.same(tableOfOvn(nbctl.state, interfacesOf).get('tcp 30.0.0.1:80')?.settings.engine?.interfaces, ['eth0']);
  nbctl.run('lb-del lb0');
  t.same(nbctl.state.routers.get('lr0'), [], 'nothing is attached that is not there');
  t.end();
});

t.test('one VIP of two attached load balancers is refused', (t) => {
  const nbctl = session(
    'lb-add lb0 30.0.0.1:80 10.0.0.1:80',
    'lb-add lb1 30.0.0.1:80 10.0.0.2:80',
    'ls-lb-add sw0 lb0',
  );
  t.equal(
    nbctl.run('ls-lb-add sw1 lb1'),
    'vip 30.0.0.1:80: load balancers lb0 and lb1 both have it, and both are attached',
  );
  t.end();
});

t.test('set: selection_fields, affinity_timeout, protocol', (t) => {
  const nbctl = session(
    'lb-add lb0 30.0.0.1:80 10.0.0.1:80',
    'ls-lb-add sw0 lb0',
    'set load_balancer lb0 selection_fields="ip_src,ip_dst" options:affinity_timeout=60 protocol=udp',
  );
  t.match(tableOfOvn(nbctl.state, interfacesOf).get('udp 30.0.0.1:80')?.settings, {
    persistent: true,
    persistenceSeconds: 60,
    engine: { hashFields: ['ip_src', 'ip_dst'] },
  });
  t.match(nbctl.run('set load_balancer lb0 selection_fields=ip_proto'), /ip_proto is not one of the allowed values/);
  t.match(nbctl.run('set load_balancer lb0 foo=1'), /"foo"/);
  nbctl.run('set load_balancer lb0 selection_fields=[]');
  t.same(tableOfOvn(nbctl.state, interfacesOf).get('udp 30.0.0.1:80')?.settings.engine?.hashFields, [
    'ip_src',
    'ip_dst',
    'tp_src',
    'tp_dst',
  ]);
  t.end();
});

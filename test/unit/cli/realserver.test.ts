import t from 'tap';
import { parseRealServer, realserver } from '../../../src/cli/realserver.js';

const dr = { method: 'dr', tunnel: 'ipip', port: 6080, dscps: [] } as const;
const state = '/var/lib/lvsd';

const orders: readonly [args: string, order: ReturnType<typeof parseRealServer>][] = [
  ['--vip 192.0.2.1', { wish: { ...dr, vips: ['192.0.2.1'] }, mode: 'apply', stateDirectory: state }],
  [
    '--vip 192.0.2.1,2001:DB8:0::1 --vip=192.0.2.1',
    { wish: { ...dr, vips: ['192.0.2.1', '2001:db8::1'] }, mode: 'apply', stateDirectory: state },
  ],
  [
    '--method tun --tunnel gue --tunnel-port 99 --over ip6 --interface dummy0 --vip 192.0.2.1 --check',
    {
      wish: {
        method: 'tun',
        tunnel: 'gue',
        port: 99,
        over: 'ip6',
        vips: ['192.0.2.1'],
        interface: 'dummy0',
        dscps: [],
      },
      mode: 'check',
      stateDirectory: state,
    },
  ],
  [
    '--vip 192.0.2.1 --dry-run --state /x',
    { wish: { ...dr, vips: ['192.0.2.1'] }, mode: 'dry-run', stateDirectory: '/x' },
  ],
  [
    '--l3dsr 7=192.0.2.1,07=2001:DB8::1 --l3dsr 46=192.0.2.2 --vip 192.0.2.3',
    {
      wish: {
        ...dr,
        vips: ['192.0.2.3', '192.0.2.1', '2001:db8::1', '192.0.2.2'],
        dscps: [
          { dscp: 7, vip: '192.0.2.1' },
          { dscp: 7, vip: '2001:db8::1' },
          { dscp: 46, vip: '192.0.2.2' },
        ],
      },
      mode: 'apply',
      stateDirectory: state,
    },
  ],
  ['--undo', { wish: { ...dr, vips: [] }, mode: 'undo', stateDirectory: state }],
  [
    '--undo --dry-run --vip 192.0.2.1',
    { wish: { ...dr, vips: ['192.0.2.1'] }, mode: 'undo-dry-run', stateDirectory: state },
  ],
];

for (const [args, order] of orders)
  t.test(`lvsd realserver ${args}`, (t) => {
    t.strictSame(parseRealServer(args.split(' '), {}), order);
    t.end();
  });

t.test('systemd says where to remember', (t) => {
  t.match(parseRealServer(['--undo'], { STATE_DIRECTORY: '/var/lib/private/lvsd' }), {
    stateDirectory: '/var/lib/private/lvsd',
  });
  t.end();
});

const wrong: readonly [args: string, says: RegExp][] = [
  ['', /which VIP/],
  ['--check', /which VIP/],
  ['--vip 192.0.2', /'192\.0\.2'/],
  ['--vip 192.0.2.1/32', /192\.0\.2\.1\/32/],
  ['--vip 192.0.2.1,', /''/],
  ['--vip 127.0.0.1', /cannot be a VIP/],
  ['--vip 224.0.0.1', /cannot be a VIP/],
  ['--vip 255.255.255.255', /cannot be a VIP/],
  ['--vip ::1', /cannot be a VIP/],
  ['--vip fe80::1', /cannot be a VIP/],
  ['--vip ff02::1', /cannot be a VIP/],
  ['--vip 192.0.2.1 --method nat', /dr or tun/],
  ['--vip 192.0.2.1 --tunnel vxlan', /ipip, gre or gue/],
  ['--vip 192.0.2.1 --tunnel-port 65536', /1 to 65535/],
  ['--vip 192.0.2.1 --over ipv6', /ip4 or ip6/],
  ['--vip 192.0.2.1 --interface a/b', /a\/b/],
  ['--vip 192.0.2.1 --interface all', /all/],
  ['--vip 192.0.2.1 --interface ..', /\.\./],
  ['--vip 192.0.2.1 --check --undo', /--check/],
  ['--vip 192.0.2.1 --check --dry-run', /--check/],
  ['--l3dsr 64=192.0.2.1', /DSCP from 0 to 63, not '64=192\.0\.2\.1'/],
  ['--l3dsr 192.0.2.1', /DSCP=VIP/],
  ['--l3dsr 7=192.0.2', /'192\.0\.2' is not an IPv4 or IPv6 address/],
  ['--l3dsr 7=224.0.0.1', /224\.0\.0\.1 cannot be a VIP/],
  ['--l3dsr 7=192.0.2.1,7=192.0.2.2', /DSCP 7 cannot mean both 192\.0\.2\.1 and 192\.0\.2\.2/],
  ['--l3dsr 7=192.0.2.1 --method tun', /--l3dsr does not go with --method tun/],
  ['--l3dsr 7=192.0.2.1 --undo', /--vip/],
  ['--vip 192.0.2.1 --wip', /--wip/],
  ['--vip 192.0.2.1 more', /more/],
];

for (const [args, says] of wrong)
  t.test(`wrong: lvsd realserver ${args}`, async (t) => {
    let err = '';
    const output = { out: () => t.fail('nothing is said on stdout'), err: (text: string) => (err += text) };
    t.equal(await realserver(args.split(' ').filter(Boolean), output, {}), 2);
    t.match(err, says);
    t.match(err, /^lvsd realserver: .*\nusage: /);
  });

t.test('--help', async (t) => {
  let out = '';
  t.equal(await realserver(['-h'], { out: (text) => (out += text), err: () => t.fail() }, {}), 0);
  t.match(out, /^usage: lvsd realserver/);
});

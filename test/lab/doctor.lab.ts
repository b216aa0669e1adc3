// kernels: uml
/** `lvsctl doctor` on a kernel with IPVS: what is set wrong is found, and its command mends it. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { doctor } from '../../src/cli/doctor.js';
import type { Finding } from '../../src/doctor/finding.js';
import { mustRun } from './topology.js';

t.setTimeout(0); // whoever runs us sets the limit

const shell = (command: string): Promise<string> => mustRun(['sh', '-ec', command]);

const file = (t: Test, kind: string, globals = ''): string =>
  join(
    t.testdir({
      'lvsd.conf': `global_defs {
  ${globals}
}
virtual_server 203.0.113.10 80 {
  lb_algo mh
  lb_kind ${kind}
  protocol TCP
  real_server 10.0.1.11 80 {
    weight 1
  }
}
`,
    }),
    'lvsd.conf',
  );

interface Told {
  readonly status: number;
  readonly findings: readonly Finding[];
}

/** Without the hints that every fresh kernel earns, unless one is asked for. */
async function examine(path: string, hint?: string): Promise<Told> {
  let text = '';
  const output = { out: (said: string) => void (text += said), err: (said: string) => void (text += said) };
  const status = await doctor({ file: path, server: undefined, ssh: [] }, true, output);
  const { findings } = JSON.parse(text) as { readonly findings: readonly Finding[] };
  return { status, findings: findings.filter(({ severity, rule }) => severity !== 'hint' || rule === hint) };
}

const mendAll = async ({ findings }: Told): Promise<void> => {
  for (const { mend } of findings) if (mend !== null) await shell(mend);
};

t.before(async () => {
  await shell(
    'ip link set lo up; ip link add name wire type dummy; ip addr add 10.0.1.1/24 dev wire; ip link set wire up',
  );
  await shell('ip addr add 203.0.113.10/32 dev lo; sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0');
});

t.test('a director as it should be', async (t) => {
  const told = await examine(file(t, 'NAT'));
  t.same(told, { status: 0, findings: [] });
});

t.test('settings of IPVS', async (t) => {
  const path = file(t, 'TUN');
  for (const [rule, name, value] of [
    ['pmtu-discovery-off', 'pmtu_disc', 0],
    ['defences', 'drop_entry', 3],
    ['defences', 'secure_tcp', 3],
    ['no-estimation', 'run_estimation', 0],
    ['conntrack-of-ipvs', 'conntrack', 1],
  ] as const) {
    await t.test(`${rule}: ${name} = ${value}`, async (t) => {
      t.same((await examine(path, rule)).findings, []);
      await shell(`sysctl -qw net.ipv4.vs.${name}=${value}`);
      const told = await examine(path, rule);
      t.match(told.findings, [{ rule }]);
      await mendAll(told);
      t.same((await examine(path, rule)).findings, []);
    });
  }
});

t.test('connections that are forgotten before anybody asks for them', async (t) => {
  const path = file(t, 'NAT');
  const told = await examine(path, 'idle-timeout');
  t.match(told.findings, [{ rule: 'idle-timeout', text: 'TCP connections that are idle for 900 s are forgotten' }]);
  await mendAll(told);
  t.same((await examine(path, 'idle-timeout')).findings, []);
});

t.test('the interface of the sync daemon', async (t) => {
  const path = file(t, 'NAT', 'lvs_sync_daemon cross');
  t.match(await examine(path), {
    status: 1,
    findings: [{ rule: 'sync-interface', text: 'there is no interface cross' }],
  });
  await shell('ip link add name cross type dummy');
  const told = await examine(path);
  t.match(told, { status: 1, findings: [{ rule: 'sync-interface', text: 'cross is down' }] });
  await mendAll(told);
  t.match((await examine(path)).status, 0);
});

t.test('a director that is its own server', async (t) => {
  const path = file(t, 'DR', 'lvs_sync_daemon wire');
  await shell('ip addr add 10.0.1.11/24 dev wire');
  const told = await examine(path);
  t.match(told.findings, [{ rule: 'backup-only' }]);
  await mendAll(told);
  t.same((await examine(path)).findings, []);
  await shell('ip addr del 10.0.1.11/24 dev wire');
});

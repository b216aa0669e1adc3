// kernels: uml
/** Two `lvsd run` with the kernel's IPVS: who joins late has the whole table before it may be master; who cannot have it says why. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { PairSeen } from '../../src/pair/sync-report.js';
import { Crowd } from './crowd.js';
import { serve } from './peers.js';
import { DirectorMachine, endWith } from './survival-director.js';
import { directors, kernelNat, PORT } from './survival-sites.js';
import { Network } from './topology.js';

t.setTimeout(0); // whoever runs us sets the limit
const PATIENCE_MS = 5 * 60_000;
const CONNECTIONS = 200;

async function until(what: string, is: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await is())) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await sleep(200);
  }
}

async function pairOf(director: DirectorMachine): Promise<PairSeen | undefined> {
  const { stdout } = await director.lvsctl('--json', 'pair');
  return stdout === '' ? undefined : (JSON.parse(stdout) as PairSeen);
}

/** b would preempt at once, if it might. */
const priorities = { a: { ...directors.a, priority: 100 }, b: { ...directors.b, priority: 150 } };
const fileOf = (name: 'a' | 'b', more = '', change = (text: string): string => text): string =>
  change(kernelNat.file({ ...priorities[name], words: [more] }));

t.test('a director that joins has the table before it is master', async (t) => {
  await using network = await Network.build(kernelNat.topology);
  for (const [i, host] of kernelNat.servers.entries())
    await serve(host, [{ protocol: 'tcp', address: `10.2.0.1${i + 1}`, port: PORT }]);
  const a = new DirectorMachine(network, 'a', fileOf('a', 'pair_sync_wait 5'));
  const b = new DirectorMachine(network, 'b', fileOf('b', 'pair_sync_wait 600'));
  endWith(t, a, b);
  a.start();
  await until('a is master', async () => (await a.role()) === 'master');
  await using talkers = await Crowd.open('client', kernelNat.vip, PORT, CONNECTIONS);
  await talkers.rounds(2);
  const before = await kernelNat.portsIn(a, network);
  t.ok(before.size >= CONNECTIONS, `${before.size} connections`);

  b.start();
  await until('b may be master', () => b.events('vrrp.may-be-master').length > 0);
  t.match(b.events('vrrp.may-be-master'), [{ why: 'all is here' }]);
  t.match(b.events('pair.sync-taken'), [{ missing: 0 }]);
  const taken = Date.parse(String(b.events('pair.sync-taken')[0]?.['time']));
  await until('b preempts', async () => (await b.role()) === 'master');
  const became = b.events('vrrp.role').filter(({ to }) => to === 'master');
  t.ok(
    became.every(({ time }) => Date.parse(String(time)) >= taken),
    'no sooner',
  );
  const after = await kernelNat.portsIn(b, network);
  t.strictSame(
    [...before].filter((port) => !after.has(port)),
    [],
    'all of them',
  );
  await until('a says what it gave', () => a.events('pair.sync-given').length > 0);
  t.match(a.events('pair.sync-given'), [{ missing: 0 }]);
  await talkers.rounds(3);
  t.match((await b.lvsctl('pair')).stdout, /kernel, taken +\d+ in [\d.]+ s, [\d.]+ s ago, \d+ sent, 0 missing/);

  // a was master; what b tells it from now on, and what it missed, is in its table, too
  await until('a takes what it missed', () => a.events('pair.sync-taken').length > 0);
  await talkers.rounds(2);
  await b.crash();
  await until('a is master again', async () => (await a.role()) === 'master');
  await talkers.rounds(3);
  await b.boot();
  await until('b preempts again', async () => (await b.role()) === 'master');
  t.match(b.events('vrrp.may-be-master'), [{ why: 'all is here' }]);
  await talkers.rounds(3);
  t.match(await talkers.end(), /^\d+ 0 0$/, 'no connection broke, none changed its server');
});

t.test('daemons that do not hear each other: a sentence, and nobody waits for ever', async (t) => {
  await using network = await Network.build(kernelNat.topology);
  const other = (text: string): string => text.replace(/lvs_sync_daemon \S+ \S+/, '$& id 7');
  const a = new DirectorMachine(network, 'a', fileOf('a', 'pair_sync_wait 5'));
  const b = new DirectorMachine(network, 'b', fileOf('b', 'pair_sync_wait 600', other));
  endWith(t, a, b);
  a.start();
  await until('a is master', async () => (await a.role()) === 'master');
  b.start();
  await until('b may be master', () => b.events('vrrp.may-be-master').length > 0);
  t.match(b.events('vrrp.may-be-master'), [{ why: /its lvs_sync_daemon has sync id 51, and ours 7/ }]);
  t.match(b.events('pair.sync-failed'), [{ reason: /neither hears the other/ }]);
  const sync = (await pairOf(b))?.sync;
  t.match(sync?.ours.connections, { is: 'failed', why: /neither hears the other/ });
});

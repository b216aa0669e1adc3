/** Two `lvsd run` with engines, as they are installed: whoever is not master has the sessions of who is, whatever dies in between. */
import '../helpers/own-machine.js';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { EngineClient } from '../../src/dataplane/client.js';
import { decodeSessions } from '../../src/dataplane/session-record.js';
import type { PairSeen } from '../../src/pair/sync-report.js';
import { systemClock } from '../../src/system/clock.js';
import { Crowd } from '../lab/crowd.js';
import { serve } from '../lab/peers.js';
import { DirectorMachine, endWith } from '../lab/survival-director.js';
import { Network } from '../lab/topology.js';
import { globals, virtualServer } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit
const PATIENCE_MS = 90_000;
const CONNECTIONS = 100;
const VIP = '10.1.0.100';
const GATEWAY = '10.2.0.1';
const SERVERS = [1, 2, 3].map((n) => ({ host: `rs${n}`, address: `10.2.0.1${n}` }));

const machine = (number: 1 | 2) => ({
  links: {
    outside: [`10.1.0.2${number}/24`],
    inside: [`10.2.0.2${number}/24`],
    cross: [`10.99.0.${number}/24`],
  },
  sysctls: { 'net.ipv4.ip_forward': 1 },
});

const instance = (name: string, vrid: number, address: string, priority: number): string => `
vrrp_instance ${name} {
    version 3
    interface ${name}
    virtual_router_id ${vrid}
    priority ${priority}
    advert_int 1
    virtual_ipaddress {
        ${address}/24
    }
}`;

const fileOf = (number: 1 | 2, key = 'the key of these two directors'): string => `${globals(
  ['outside', 'inside'],
  'packet',
  [
    `router_id lb${number}`,
    `pair_peer 10.99.0.${3 - number}`,
    `pair_source 10.99.0.${number}`,
    `pair_key "${key}"`,
    'pair_sync_wait 30',
  ],
)}
vrrp_sync_group BOTH {
    group {
        outside
        inside
    }
}
${instance('outside', 51, VIP, number === 1 ? 150 : 100)}
${instance('inside', 52, GATEWAY, number === 1 ? 150 : 100)}
${virtualServer(
  `${VIP} 80`,
  ['lvs_sched rr', 'lvs_method NAT', 'protocol TCP'],
  SERVERS.map(({ address }) => `${address} 80`),
)}`;

async function until(what: string, is: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await is())) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await sleep(100);
  }
}

/** Of the sessions of a director's engine: client's port → server. */
async function sessionsOf(director: DirectorMachine): Promise<ReadonlyMap<number, string>> {
  const engine = await EngineClient.connect({ path: director.file('engine.sock'), clock: systemClock });
  const found = new Map<number, string>();
  try {
    for (let cursor = 0n, isFirst = true; isFirst || cursor !== 0n; isFirst = false) {
      const page = await engine.sessions(cursor, 1000);
      for (const { client, destination, state } of decodeSessions(page.records))
        if (state === 'established') found.set(client.port, destination?.address ?? '');
      cursor = page.next;
    }
  } finally {
    engine.close();
  }
  return found;
}

async function pairOf(director: DirectorMachine): Promise<PairSeen | undefined> {
  const { stdout } = await director.lvsctl('--json', 'pair');
  return stdout === '' ? undefined : (JSON.parse(stdout) as PairSeen);
}

const isWhole = async (director: DirectorMachine): Promise<boolean> =>
  (await pairOf(director))?.sync?.ours.sessions.takes?.isWhole === true;

async function same(one: DirectorMachine, other: DirectorMachine): Promise<boolean> {
  const [left, right] = [await sessionsOf(one).catch(() => new Map()), await sessionsOf(other).catch(() => new Map())];
  return left.size >= CONNECTIONS && JSON.stringify([...left].sort()) === JSON.stringify([...right].sort());
}

/** The process of that word which works in the director's folder. */
async function pidOf(network: Network, director: DirectorMachine, word: string): Promise<number> {
  const { stdout } = await network.run(director.host, ['pgrep', '-f', `${word} .*${director.file('')}`]);
  return Number(stdout.trim().split('\n')[0]);
}

t.test('the standby has the sessions, whoever is killed', async (t) => {
  await using network = await Network.build({
    hosts: {
      client: { links: { outside: ['10.1.0.2/24'] } },
      a: machine(1),
      b: machine(2),
      ...Object.fromEntries(
        SERVERS.map(({ host, address }) => [
          host,
          { links: { inside: [`${address}/24`] }, routes: [`default via ${GATEWAY}`] },
        ]),
      ),
    },
  });
  for (const { host, address } of SERVERS) await serve(host, [{ protocol: 'tcp', address, port: 80 }]);
  const a = new DirectorMachine(network, 'a', fileOf(1));
  const b = new DirectorMachine(network, 'b', fileOf(2));
  endWith(t, a, b);

  a.start();
  await until('a director that is alone comes up', async () => (await a.role()) === 'master');
  t.match(a.events('vrrp.may-be-master'), [{ why: /alone/ }]);
  await using talkers = await Crowd.open('client', VIP, 80, CONNECTIONS);
  await talkers.rounds(2);

  b.start();
  await until('b has all of them', () => isWhole(b));
  await until('b may be master', () => b.events('vrrp.may-be-master').length === 1);
  t.match(b.events('vrrp.may-be-master'), [{ why: 'all is here' }]);
  await until('both know the same', () => same(a, b));
  const seen = await b.lvsctl('pair');
  t.match(seen.stdout, /sessions, taken +whole, \d+ taken, 0 refused/);
  t.match((await a.lvsctl('pair')).stdout, /sessions, given +whole, \d+ taken, 0 refused, /);

  await t.test('lvsd sync is killed, on either side', async () => {
    for (const director of [b, a]) {
      const pid = await pidOf(network, director, 'lvsd sync');
      process.kill(pid, 'SIGKILL');
      await until('another one', async () => {
        const now = await pidOf(network, director, 'lvsd sync');
        return now > 0 && now !== pid;
      });
      await until('b has all of them again', () => isWhole(b));
      await talkers.rounds(1);
    }
    await until('both know the same', () => same(a, b));
  });

  await t.test('lvsd vrrp is killed: the next one does not wait again', async (t) => {
    process.kill(await pidOf(network, b, 'lvsd vrrp'), 'SIGKILL');
    await until('another one', () => b.events('vrrp.started').length === 2);
    await until('it is a backup', async () => (await b.role()) === 'backup');
    t.equal(b.events('vrrp.waits-for-sync').length, 1);
    await until('b has all of them again', async () => (await isWhole(b)) && (await same(a, b)));
  });

  await t.test('the standby loses its engine', async () => {
    process.kill(await pidOf(network, b, 'lvsd-dataplane'), 'SIGKILL');
    await until('the next one has all', async () => (await isWhole(b)) && (await same(a, b)));
  });

  await t.test('the master loses its engine: the standby gives its sessions back', async (t) => {
    const before = await sessionsOf(a);
    process.kill(await pidOf(network, a, 'lvsd-dataplane'), 'SIGKILL');
    await until('they are back', () => a.events('pair.sync-restored').length === 1);
    t.strictSame([...(await sessionsOf(a))].sort(), [...before].sort());
    await until('and followed', () => isWhole(b));
    await talkers.rounds(2);
  });

  await t.test('a planned switch, and back', async (t) => {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const { status, stderr } = await from.lvsctl('failover');
      t.equal(status, 0, stderr);
      await until('it is master', async () => (await to.role()) === 'master');
      await talkers.rounds(2);
      await until('the other one follows', () => isWhole(from));
    }
  });

  await t.test('the director of the master is killed', async () => {
    await a.kill();
    a.start();
    await until('it is there again', async () => (await pairOf(a))?.sync?.ours.peer.is === 'connected');
    await talkers.rounds(1);
    await until('both know the same', async () => (await isWhole(b)) && (await same(a, b)));
  });

  await a.crash();
  await until('b is master', async () => (await b.role()) === 'master');
  await talkers.rounds(3);
  await a.boot();
  await until('a has all, and only then preempts', async () => (await a.role()) === 'master');
  t.match(a.events('vrrp.may-be-master'), [{ why: 'all is here' }]);
  await talkers.rounds(3);
  t.match(await talkers.end(), /^\d+ 0 0$/, 'no connection broke, none changed its server');
});

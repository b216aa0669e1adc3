/**
 * Two userspace directors and lvs_sync_daemon bound to a virtual router, as a keepalived file has it: the engine of the one that is master tells
 * its sessions to the other one's, and whoever talks goes on when the master dies.
 */
import '../helpers/own-machine.js';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { EngineSyncState, Status } from '../../src/cli/control.js';
import { Crowd } from '../lab/crowd.js';
import { eventually } from '../lab/eventually.js';
import { Director } from '../lab/lvsd-process.js';
import { numbersTo, serverAddress, serverHost } from '../lab/nat-site.js';
import { serve } from '../lab/peers.js';
import { mustRun, Network, type Topology } from '../lab/topology.js';
import { globals, lvsctl, root, virtualServer } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit
const SERVERS = 3;
const CONNECTIONS = 100;
const VIP = '10.1.0.100';
const GATEWAY = '10.2.0.254';
const LIMIT_MS = 60_000;

type Name = 'a' | 'b';
const names = ['a', 'b'] as const;

const director = (n: number) => ({
  links: { outside: [`10.1.0.${n}/24`], inside: [`10.2.0.${n}/24`] },
  sysctls: { 'net.ipv4.ip_forward': 1 },
});
const site: Topology = {
  hosts: {
    client: { links: { outside: ['10.1.0.9/24'] } },
    a: director(1),
    b: director(2),
    ...Object.fromEntries(
      numbersTo(SERVERS).map((n) => [
        serverHost(n),
        { links: { inside: [`${serverAddress(n)}/24`] }, routes: [`default via ${GATEWAY}`] },
      ]),
    ),
  },
};

const fileOf = (name: Name, isTold: boolean): string => `
${globals(['outside', 'inside'], 'xdp', isTold ? ['lvs_sync_daemon inside V1'] : [])}
vrrp_instance V1 {
    version 3
    interface outside
    virtual_router_id 51
    priority ${name === 'a' ? 150 : 100}
    advert_int 1
    virtual_ipaddress {
        ${VIP}/32
        ${GATEWAY}/32 dev inside
    }
}
${virtualServer(
  `${VIP} 80`,
  ['lvs_sched rr', 'lvs_method NAT', 'protocol TCP'],
  numbersTo(SERVERS).map((n) => `${serverAddress(n)} 80`),
)}`;

const folderOf = (name: Name): string => `/run/lvsd/${name}`;

async function start(name: Name, isTold: boolean): Promise<Director> {
  mkdirSync(folderOf(name), { recursive: true });
  const file = join(folderOf(name), 'lvsd.conf');
  writeFileSync(file, fileOf(name, isTold));
  const started = new Director(name, file, ['env', `RUNTIME_DIRECTORY=${folderOf(name)}`]);
  await started.until('daemon.started');
  return started;
}

const statusOf = async (network: Network, name: Name): Promise<Status> =>
  JSON.parse(
    await lvsctl(network, name, '--control', join(folderOf(name), 'control.sock'), '--json', 'status'),
  ) as Status;

async function roleOf(network: Network, name: Name): Promise<string | undefined> {
  return (await statusOf(network, name)).vrrp?.instances[0]?.role;
}

async function syncOf(network: Network, name: Name): Promise<EngineSyncState> {
  const { engineSync } = await statusOf(network, name);
  if (engineSync === undefined || engineSync === null) throw new Error(`${name} has no sync daemon`);
  return engineSync;
}

const until = (what: string, is: () => Promise<boolean>): Promise<void> =>
  eventually(async () => {
    if (!(await is())) throw new Error(`never: ${what}`);
  }, LIMIT_MS);

/** As a power cut: nothing leaves any more, its kernel answers nobody. */
async function cut(network: Network, name: Name): Promise<void> {
  for (const link of ['outside', 'inside']) await network.must(name, 'ip', 'link', 'set', link, 'down');
  await mustRun(['sh', '-c', 'ip netns pids "$0" | xargs kill -9', name]);
}

for (const isTold of [true, false]) {
  t.test(isTold ? 'the master dies' : 'without a sync daemon they break: the test can fail', async (t) => {
    await using network = await Network.build(site);
    for (const n of numbersTo(SERVERS))
      await serve(serverHost(n), [{ protocol: 'tcp', address: serverAddress(n), port: 80 }]);
    await using first = await start('a', isTold);
    await until('a is master', async () => (await roleOf(network, 'a')) === 'master');
    await using second = await start('b', isTold);
    if (isTold)
      for (const name of names)
        await until(`the daemon of ${name} has its role`, async () => {
          const { running, master, backup } = await syncOf(network, name);
          return running && master === (name === 'a') && backup === (name === 'b');
        });
    await using talkers = await Crowd.open('client', VIP, 80, CONNECTIONS);
    await talkers.rounds(3);
    if (isTold) {
      await until('b has all of them', async () => (await syncOf(network, 'b')).received.taken >= CONNECTIONS);
      t.strictSame((await syncOf(network, 'b')).received.refused, {});
      t.ok((await syncOf(network, 'a')).sent.connections >= CONNECTIONS);
      t.equal((await syncOf(network, 'b')).sent.messages, 0, 'a backup tells nothing');
    }

    await cut(network, 'a');
    await until('b is master', async () => (await roleOf(network, 'b')) === 'master');
    if (isTold) {
      await until('its daemon, too', async () => (await syncOf(network, 'b')).master);
      await until('and it tells', async () => (await syncOf(network, 'b')).sent.connections >= CONNECTIONS);
    }
    await talkers.rounds(isTold ? 5 : 2);
    const said = await talkers.end();
    if (isTold) t.match(said, /^\d+ 0 0$/, 'no connection broke, none changed its server');
    else t.notMatch(said, /^\d+ 0 0$/);
    await second.stop();
    await first[Symbol.asyncDispose]();
  });
}

t.test('it is in what lvsctl prints', async (t) => {
  await using network = await Network.build(site);
  await using one = await start('a', true);
  await until('it is master', async () => (await syncOf(network, 'a')).master);
  const text = await network.must(
    'a',
    join(root, 'bin/lvsctl'),
    '--control',
    `${folderOf('a')}/control.sock`,
    'status',
  );
  t.match(text, /userspace engine's sync daemon:\n {2}master on inside, 224\.0\.0\.81:8848, sync id 51\n {2}sent: 0 /);
  await one.stop();
});

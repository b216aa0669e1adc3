/** Drains, maintenance and their ends through the API, with real connections, in the kernel and in the userspace engine. */
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { globals } from '../engine/site.js';
import { api, commit, type DrainSeen, drains } from './api-client.js';
import { directorScene, type Scene } from './director-scene.js';
import { eventually } from './eventually.js';
import { natSite, numbersTo, serverAddress, serverHost, vip } from './nat-site.js';
import { ask, Conversation, Peer, type Reply, serversOf } from './peers.js';
import type { Topology } from './topology.js';

t.setTimeout(0); // whoever runs us sets the limit

const file = '/run/drain.conf';
const PATIENCE_MS = 120_000;

/** The engine answers for the address itself: this kernel has no nftables by which its own TCP would be kept from it. */
const engineSite = (): Topology => {
  const { hosts } = natSite(2);
  const director = {
    links: { outside: ['10.1.0.1/24'], inside: ['10.2.0.1/24'] },
    sysctls: { 'net.ipv4.ip_forward': 0 },
  };
  return { hosts: { ...hosts, director } };
};

const scene = (text: string, protocol: 'tcp' | 'udp' = 'tcp', topology = natSite(2)): Promise<Scene> =>
  directorScene(file, text, { servers: 2, serves: [{ protocol, port: 80 }], topology });

const virtual = (protocol: 'TCP' | 'UDP', ...lines: readonly string[]): string => `
virtual_server ${vip} 80 {
    lvs_sched rr
    lvs_method NAT
    protocol ${protocol}
    ${lines.join('\n    ')}
${numbersTo(2)
  .map((n) => `    real_server ${serverAddress(n)} 80 {\n    }`)
  .join('\n')}
}
`;

const nameOf = (reply: Reply): string => serversOf([reply])[0] ?? '';
const otherOf = (server: string): string => (server === 'rs1' ? 'rs2' : 'rs1');
const idOf = (server: string): string => `${serverAddress(Number(server.slice('rs'.length)))}-80`;

const drain = (protocol: string, server: string, order: object): Promise<DrainSeen> =>
  api('POST', `/v1/services/${protocol}-${vip}-80/destinations/${idOf(server)}/drain`, order);

async function goesOn(t: Test, conversation: Conversation, server: string, when: string): Promise<void> {
  for (let i = 0; i < 3; i++) t.equal(nameOf(await conversation.ask('still there?')), server, when);
}

/** What is idle is forgotten in seconds, and a slow machine takes as long for `work`: somebody talks meanwhile. */
async function talking<T>(conversation: Conversation, work: () => Promise<T>): Promise<T> {
  let isDone = false;
  const talk = async (): Promise<void> => {
    while (!isDone) {
      await conversation.ask('still there?');
      await delay(100);
    }
  };
  const [done] = await Promise.all([work().finally(() => (isDone = true)), talk()]);
  return done;
}

/** Until the newest drain is in this state. */
const until = (state: string, fits: (drain: DrainSeen) => boolean = () => true): Promise<DrainSeen> =>
  eventually(async () => {
    const [newest] = await drains();
    if (newest?.state !== state || !fits(newest)) throw new Error(`the drain is ${JSON.stringify(newest)}`);
    return newest;
  }, PATIENCE_MS);

/** A connection that its client can reset: nothing of it is left half open. */
const RESETTING = `
import socket, struct, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.sendall(b'hello\\n')
print(s.makefile().readline().split()[0], flush=True)
sys.stdin.readline()
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
s.close()
print('reset', flush=True)
`;

const engines = {
  kernel: { text: virtual('TCP'), site: natSite(2) },
  userspace: {
    text: globals(['outside', 'inside'], 'packet') + virtual('TCP', 'lvs_engine userspace', 'answer_arp'),
    site: engineSite(),
  },
};

for (const [engine, { text, site }] of Object.entries(engines))
  t.test(
    `${engine}: connections of a server that is drained go on, new ones go elsewhere, and it ends when they end`,
    async (t) => {
      await using here = await scene(text, 'tcp', site);
      const service = { protocol: 'tcp', address: vip, port: 80 } as const;
      await eventually(async () => {
        const [answer = ''] = serversOf(await ask(here.network, 'client', service));
        if (!answer.startsWith('rs')) throw new Error(`nobody serves: ${answer}`);
      }, PATIENCE_MS);
      await using client = new Peer([
        ...['ip', 'netns', 'exec', 'client', '/usr/bin/python3', '-c', RESETTING, vip, '80'],
      ]);
      const server = await client.line();
      const began = await drain('tcp', server, { withinSeconds: 3600 });
      t.match(began, { state: 'running', destination: idOf(server) });
      for (const reply of await ask(here.network, 'client', service, 4)) t.equal(nameOf(reply), otherOf(server));
      await until('running', ({ connections }) => connections.active === 1);

      here.director.kill('SIGKILL');
      await here.again();
      await until('running', ({ connections }) => connections.active === 1);
      for (const reply of await ask(here.network, 'client', service, 4)) t.equal(nameOf(reply), otherOf(server));

      client.write('');
      t.equal(await client.line(), 'reset');
      const ended = await until('drained');
      t.match(ended, { id: began.id, connections: { active: 0, inactive: 0, persistent: 0 } });
      for (const reply of await ask(here.network, 'client', service, 4))
        t.equal(nameOf(reply), otherOf(server), 'in maintenance');
      await commit([{ do: 'override', service: `tcp-${vip}-80`, destination: idOf(server), maintenance: false }]);
      t.same([...new Set(serversOf(await ask(here.network, 'client', service, 6)))].sort(), ['rs1', 'rs2']);
      await here.director.stop();
    },
  );

t.test('UDP and persistence count too; a drain that is taken back; one whose time is up', async (t) => {
  await using here = await scene(
    `global_defs {\n lvs_timeouts udp 4\n}\n${virtual('UDP', 'persistence_timeout 6')}`,
    'udp',
  );
  const service = { protocol: 'udp', address: vip, port: 80 } as const;
  await using conversation = await Conversation.open('client', service);
  const server = nameOf(await conversation.ask('hello'));
  const seen = await talking(conversation, async () => {
    await drain('udp', server, { withinSeconds: 3600 });
    return until('running', ({ connections }) => connections.inactive > 0 || connections.persistent > 0);
  });
  t.equal(seen.connections.active, 0, 'UDP is never established');
  await until('drained');

  await api('DELETE', `/v1/drains/${seen.id}`);
  await goesOn(t, conversation, nameOf(await conversation.ask('hello again')), 'in service again');
  const again = nameOf(await conversation.ask('whose am I?'));
  await talking(conversation, async () => {
    const second = await drain('udp', again, { withinSeconds: 3600 });
    t.match(await api('DELETE', `/v1/drains/${second.id}`), { state: 'cancelled' });
  });
  await goesOn(t, conversation, again, 'after the drain was taken back');
  await talking(conversation, async () => {
    await drain('udp', again, { withinSeconds: 1 });
    await until('deadline');
  });
  await here.director.stop();
});

t.test('a declared server is removed when it is drained; the time that is up cuts', async (t) => {
  await using here = await scene('global_defs {\n}\n');
  const id = `tcp-${vip}-80`;
  const destinations = numbersTo(2).map((n) => ({ id: idOf(serverHost(n)), address: serverAddress(n), port: 80 }));
  await commit([
    {
      do: 'put-service',
      service: {
        ...{ id, by: 'address', protocol: 'tcp', address: vip, port: 80, scheduler: 'rr', destinations },
        onRemoval: { do: 'cut' },
      },
    },
  ]);
  const service = { protocol: 'tcp', address: vip, port: 80 } as const;
  await using conversation = await Conversation.open('client', service);
  const server = nameOf(await conversation.ask('hello'));
  await drain('tcp', server, { withinSeconds: 30, then: 'remove' });
  await goesOn(t, conversation, server, 'before the time is up');
  await until('deadline');
  const gone = await eventually(async () => {
    const answer = nameOf(await conversation.ask('still there?'));
    if (answer === server) throw new Error('it goes on');
    return answer;
  });
  t.match(gone, /reset|closed|Broken pipe|timeout/i);
  await eventually(async () => {
    const table = await here.network.must('director', 'cat', '/proc/net/ip_vs');
    if (table.match(/->/g)?.length !== 2) throw new Error(`not a title and one server: ${table}`);
  }, PATIENCE_MS);

  await drain('tcp', otherOf(server), { withinSeconds: 60, then: 'remove' });
  await until('drained');
  await eventually(async () => {
    const { destinations } = await api<{ destinations: number }>('GET', `/v1/services/${id}`);
    if (destinations > 0) throw new Error(`${destinations} left`);
  }, PATIENCE_MS);
  await here.director.stop();
});

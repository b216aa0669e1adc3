/** What becomes of the connections of a server that dies or is removed, where our own engine forwards: test/lab/flows.lab.ts says it of IPVS. */
import '../helpers/own-machine.js';
import { rmSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { eventually } from '../lab/eventually.js';
import type { Director } from '../lab/lvsd-process.js';
import { natSite, numbersTo, serverAddress, serverHost, vip } from '../lab/nat-site.js';
import { ask, Conversation, type Endpoint, type Peer, type Reply, serve, serversOf } from '../lab/peers.js';
import { Network } from '../lab/topology.js';
import { direct, globals, lvsctl } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit
const CHECK_PORT = 81;
/** Until what must happen has happened, on a busy machine too. */
const LIMIT_MS = 60_000;
/** Seconds in which a test sees that what drains goes on. */
const DRAIN = 12;
const ENDED = /reset|closed|Broken pipe/i;

interface Shape {
  readonly protocol: 'tcp' | 'udp';
  /** Lines of the virtual server. */
  readonly words?: string;
  readonly servers?: readonly number[];
  /** Lines of each real server. */
  readonly each?: string;
}

/**
 * Each server is checked on a port of its own, so that a test can fail the check of one that still answers: nobody listens there any more.
 * A busy machine fails none.
 */
const fileOf = ({ protocol, words = '', servers = [1, 2], each = '' }: Shape): string => `
${globals(['outside', 'inside'], 'xdp')}
virtual_server ${vip} 80 {
    lvs_engine userspace
    delay_loop 0.3
    lb_algo rr
    lb_kind NAT
    protocol ${protocol.toUpperCase()}
    ${words}
${servers
  .map(
    (n) => `    real_server ${serverAddress(n)} 80 {
        ${each}
        TCP_CHECK {
            connect_port ${CHECK_PORT}
            connect_timeout 10
            retry 0
            warmup 0
        }
    }`,
  )
  .join('\n')}
}
`;

interface Scene extends AsyncDisposable {
  readonly network: Network;
  readonly director: Director & { readonly file: string };
  readonly to: Endpoint;
  /** What answers the check of a server. */
  readonly checked: Map<string, Peer>;
}

async function scene(shape: Shape): Promise<Scene> {
  const { protocol } = shape;
  // what the last test's lvsd knew of its servers
  for (const file of ['director.json', 'health.json']) rmSync(`/run/lvsd/${file}`, { force: true });
  const network = await Network.build(natSite(3));
  const checked = new Map<string, Peer>();
  for (const n of numbersTo(3)) {
    const address = serverAddress(n);
    await serve(serverHost(n), [{ protocol, address, port: 80 }]);
    checked.set(serverHost(n), await serve(serverHost(n), [{ protocol: 'tcp', address, port: CHECK_PORT }]));
  }
  const director = await direct('director', fileOf(shape));
  return {
    network,
    director,
    to: { protocol, address: vip, port: 80 },
    checked,
    async [Symbol.asyncDispose]() {
      await director.stop().catch(() => director[Symbol.asyncDispose]()); // it may have ended in the test
      await network[Symbol.asyncDispose]();
    },
  };
}

const nameOf = (reply: Reply): string => serversOf([reply])[0] ?? '';

async function verdict({ director }: Scene, wanted: 'up' | 'down'): Promise<void> {
  await director.until('health.verdict');
  while (director.said.at(-1)?.['verdict'] !== wanted) await director.until('health.verdict');
  await director.until('director.applied');
}

/** Ends what answers the check of one. */
async function fail(here: Scene, server: string): Promise<void> {
  await here.checked.get(server)?.[Symbol.asyncDispose]();
  await verdict(here, 'down');
}

/** Fails the check of the server that has a connection; its name. */
async function bereave(here: Scene, conversation: Conversation): Promise<string> {
  const server = nameOf(await conversation.ask('hello'));
  await fail(here, server);
  return server;
}

async function reload({ director }: Scene, shape: Shape): Promise<void> {
  writeFileSync(director.file, fileOf(shape));
  director.kill('SIGHUP');
  await director.until('daemon.reloaded');
}

/** Asks until the answer is as wanted. */
const until = (conversation: Conversation, wanted: (answer: string) => boolean): Promise<string> =>
  eventually(async () => {
    const answer = nameOf(await conversation.ask('again'));
    if (!wanted(answer)) throw new Error(`still '${answer}'`);
    return answer;
  }, LIMIT_MS);

async function goesOn(t: Test, conversation: Conversation, server: string, what: string): Promise<void> {
  for (let i = 0; i < 5; i++) t.equal(nameOf(await conversation.ask('still there?')), server, what);
}

async function newOnesGoElsewhere(t: Test, { network, to }: Scene, server: string): Promise<void> {
  const servers = serversOf(await ask(network, 'client', to, 4));
  t.ok(
    servers.every((one) => one.startsWith('rs') && one !== server),
    `new ones: ${servers.join(' ')}`,
  );
}

const others = (server: string): number[] => [1, 2].filter((n) => serverHost(n) !== server);
const isEnded = (answer: string): boolean => ENDED.test(answer);
const isAnother = (server: string) => (answer: string) => answer.startsWith('rs') && answer !== server;

t.test('dead_flows', async (t) => {
  await t.test('keep: connections go on, new ones go elsewhere', async (t) => {
    for (const protocol of ['tcp', 'udp'] as const) {
      await using here = await scene({ protocol, words: 'dead_flows keep' });
      await using conversation = await Conversation.open('client', here.to);
      const server = await bereave(here, conversation);
      await goesOn(t, conversation, server, `${protocol}: the old one`);
      await newOnesGoElsewhere(t, here, server);
    }
  });

  await t.test('cut, and remove, which the engine cannot do without: TCP ends, UDP moves', async (t) => {
    for (const words of ['dead_flows cut', 'dead_flows remove', '']) {
      await using here = await scene({ protocol: 'tcp', words });
      await using conversation = await Conversation.open('client', here.to);
      await bereave(here, conversation);
      t.match(await until(conversation, isEnded), ENDED, `tcp ${words}`);
    }
    for (const words of ['', 'dead_flows remove']) {
      await using here = await scene({ protocol: 'udp', words });
      await using conversation = await Conversation.open('client', here.to);
      const server = await bereave(here, conversation);
      t.ok(await until(conversation, isAnother(server)), `udp ${words}`);
    }
  });

  await t.test('drain: they go on until the deadline', async (t) => {
    for (const protocol of ['tcp', 'udp'] as const) {
      await using here = await scene({ protocol, words: `dead_flows drain ${DRAIN}` });
      await using conversation = await Conversation.open('client', here.to);
      const server = await bereave(here, conversation);
      await goesOn(t, conversation, server, `${protocol}: before the deadline`);
      t.ok(await until(conversation, protocol === 'tcp' ? isEnded : isAnother(server)), `${protocol}: behind it`);
    }
  });

  await t.test('inhibit_on_failure: weight 0, connections go on', async (t) => {
    await using here = await scene({ protocol: 'tcp', each: 'inhibit_on_failure' });
    await using conversation = await Conversation.open('client', here.to);
    const server = await bereave(here, conversation);
    await goesOn(t, conversation, server, 'the old one');
    await newOnesGoElsewhere(t, here, server);
  });
});

t.test('removed_flows', async (t) => {
  await t.test('drain: a reload that removes a server lets its connections end', async (t) => {
    for (const protocol of ['tcp', 'udp'] as const) {
      const shape: Shape = { protocol, words: `removed_flows drain ${DRAIN}` };
      await using here = await scene(shape);
      await using conversation = await Conversation.open('client', here.to);
      const server = nameOf(await conversation.ask('hello'));
      await reload(here, { ...shape, servers: others(server) });
      await goesOn(t, conversation, server, `${protocol}: the old one`);
      await newOnesGoElsewhere(t, here, server);
      t.ok(
        await until(conversation, protocol === 'tcp' ? isEnded : isAnother(server)),
        `${protocol}: behind the deadline`,
      );
    }
  });

  await t.test('otherwise they end', async (t) => {
    await using here = await scene({ protocol: 'tcp' });
    await using conversation = await Conversation.open('client', here.to);
    const server = nameOf(await conversation.ask('hello'));
    await reload(here, { protocol: 'tcp', servers: others(server) });
    t.match(await until(conversation, isEnded), ENDED);
  });
});

t.test('who stands in', async (t) => {
  await t.test('a sorry server, as long as the quorum is lost; what drains goes on', async (t) => {
    await using here = await scene({
      protocol: 'tcp',
      words: `quorum 2\n    dead_flows drain 60\n    sorry_server ${serverAddress(3)} 80`,
    });
    await using conversation = await Conversation.open('client', here.to);
    const server = await bereave(here, conversation);
    t.strictSame(
      [...new Set(serversOf(await ask(here.network, 'client', here.to, 4)))],
      ['rs3'],
      'new ones are told sorry',
    );
    await goesOn(t, conversation, server, 'the old one');
    const n = Number(server.slice(2));
    await serve(server, [{ protocol: 'tcp', address: serverAddress(n), port: CHECK_PORT }]);
    await verdict(here, 'up');
    const servers = serversOf(await ask(here.network, 'client', here.to, 4));
    t.strictSame([...new Set(servers)].sort(), ['rs1', 'rs2'], 'and both serve again');
    await goesOn(t, conversation, server, 'the old one');
  });

  await t.test('pool_guard: the last half stays in', async (t) => {
    await using here = await scene({ protocol: 'tcp', words: 'pool_guard 50' });
    await fail(here, 'rs1');
    await here.checked.get('rs2')![Symbol.asyncDispose]();
    await here.director.until('director.pool-guard');
    const servers = serversOf(await ask(here.network, 'client', here.to, 4));
    t.strictSame([...new Set(servers)], ['rs2'], 'the one that failed last');
  });
});

t.test('choice', async (t) => {
  await t.test('persistence: a client stays, and not with a server that is closed', async (t) => {
    await using here = await scene({ protocol: 'tcp', words: 'persistence_timeout 60\n    dead_flows keep' });
    const first = serversOf(await ask(here.network, 'client', here.to, 6));
    t.equal(new Set(first).size, 1, 'all connections to one');
    await fail(here, first[0]!);
    await newOnesGoElsewhere(t, here, first[0]!);
  });

  await t.test('ops: each datagram goes where it is its turn', async (t) => {
    await using here = await scene({ protocol: 'udp', words: 'ops' });
    await using conversation = await Conversation.open('client', here.to);
    const servers = [];
    for (let i = 0; i < 6; i++) servers.push(nameOf(await conversation.ask('next')));
    t.strictSame([...new Set(servers)].sort(), ['rs1', 'rs2'], 'of one socket');
  });

  await t.test('slow_start: who comes back has less at first', async (t) => {
    await using here = await scene({ protocol: 'tcp', words: 'slow_start 60', each: 'weight 100' });
    await fail(here, 'rs1');
    await serve('rs1', [{ protocol: 'tcp', address: serverAddress(1), port: CHECK_PORT }]);
    await verdict(here, 'up');
    const status = JSON.parse(await lvsctl(here.network, 'director', '--json', 'status')) as {
      services: { destinations: { destination: string; weight: number }[] }[];
    };
    const weights = new Map(status.services[0]!.destinations.map((one) => [one.destination, one.weight]));
    t.ok(weights.get(`${serverAddress(1)}:80`)! < 50, 'it climbs');
    t.equal(weights.get(`${serverAddress(2)}:80`), 100);
  });

  await t.test('lvsctl weight 0: new connections go elsewhere, old ones go on; and back', async (t) => {
    await using here = await scene({ protocol: 'tcp' });
    await using conversation = await Conversation.open('client', here.to);
    const server = nameOf(await conversation.ask('hello'));
    const name = `tcp ${vip}:80 -> ${serverAddress(Number(server.slice(2)))}:80`;
    await lvsctl(here.network, 'director', 'weight', name, '0');
    await goesOn(t, conversation, server, 'the old one');
    await newOnesGoElsewhere(t, here, server);
    await lvsctl(here.network, 'director', 'weight', name, 'file');
    const servers = serversOf(await ask(here.network, 'client', here.to, 4));
    t.strictSame([...new Set(servers)].sort(), ['rs1', 'rs2']);
  });
});

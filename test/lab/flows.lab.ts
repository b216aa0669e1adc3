// kernels: uml, qemu
/** What becomes of the connections of a server that dies or is removed: kept, cut, drained; for UDP and TCP each, on a real kernel. */
import { rmSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { eventually } from './eventually.js';
import { Director } from './lvsd-process.js';
import { natSite, numbersTo, serverAddress, serverHost, vip } from './nat-site.js';
import { Conversation, type Endpoint, type Peer, type Reply, serve, serversOf } from './peers.js';
import { Network } from './topology.js';

const CHECK_PORT = 81;
const file = '/run/flows.conf';
const service: Endpoint = { protocol: 'tcp', address: vip, port: 80 };

/** Two servers; each is checked on a port of its own, so that a test can fail the check of one that still answers. */
const configuration = (protocol: 'TCP' | 'UDP', words: string, servers = [1, 2]): string => `
virtual_server ${vip} 80 {
    delay_loop 0.5
    lb_algo rr
    lb_kind NAT
    protocol ${protocol}
    ${words}
${servers
  .map(
    (n) => `    real_server ${serverAddress(n)} 80 {
        TCP_CHECK {
            connect_port ${CHECK_PORT}
            connect_timeout 30
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
  readonly director: Director;
  /** What answers the check of a server. */
  readonly checked: Map<string, Peer>;
}

async function scene(text: string, protocol: 'tcp' | 'udp'): Promise<Scene> {
  const network = await Network.build(natSite(2));
  rmSync('/run/lvsd', { recursive: true, force: true }); // what the last test's lvsd knew of its servers
  writeFileSync(file, text);
  const checked = new Map<string, Peer>();
  for (const n of numbersTo(2)) {
    const address = serverAddress(n);
    await serve(serverHost(n), [{ protocol, address, port: 80 }]);
    checked.set(serverHost(n), await serve(serverHost(n), [{ protocol: 'tcp', address, port: CHECK_PORT }]));
  }
  const director = new Director('director', file);
  await director.until('daemon.started');
  return {
    network,
    director,
    checked,
    async [Symbol.asyncDispose]() {
      await director[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
    },
  };
}

const nameOf = (reply: Reply): string => serversOf([reply])[0] ?? '';

/** Kills the check of the server that has a connection; its name. */
async function bereave({ checked, director }: Scene, conversation: Conversation): Promise<string> {
  const server = nameOf(await conversation.ask('hello'));
  await checked.get(server)?.[Symbol.asyncDispose]();
  await director.until('health.verdict');
  while (director.said.at(-1)?.['verdict'] !== 'down') await director.until('health.verdict');
  await director.until('director.applied');
  return server;
}

/** Asks until the answer is as wanted. */
const until = (conversation: Conversation, wanted: (answer: string) => boolean): Promise<string> =>
  eventually(async () => {
    const answer = nameOf(await conversation.ask('again'));
    if (!wanted(answer)) throw new Error(`still '${answer}'`);
    return answer;
  });

const alive = (t: Test, answer: string, server: string, what: string): void => void t.equal(answer, server, what);

t.test('UDP: a client is not stuck to a server that is dead', async (t) => {
  await using here = await scene(configuration('UDP', ''), 'udp');
  await using conversation = await Conversation.open('client', { ...service, protocol: 'udp' });
  const server = await bereave(here, conversation);
  const other = await until(conversation, (answer) => answer.startsWith('rs') && answer !== server);
  t.not(other, server);
});

t.test('TCP, dead_flows keep: connections of a server whose check fails go on, new ones go elsewhere', async (t) => {
  await using here = await scene(configuration('TCP', 'dead_flows keep'), 'tcp');
  await using conversation = await Conversation.open('client', service);
  const server = await bereave(here, conversation);
  for (let i = 0; i < 5; i++) alive(t, nameOf(await conversation.ask('still there?')), server, 'the old connection');
  for (let i = 0; i < 3; i++) {
    await using next = await Conversation.open('client', service);
    t.not(nameOf(await next.ask('hello')), server, 'a new connection');
  }
});

t.test('TCP, dead_flows cut: the next packet of a connection to a dead server ends it', async (t) => {
  await using here = await scene(configuration('TCP', 'dead_flows cut'), 'tcp');
  await using conversation = await Conversation.open('client', service);
  await bereave(here, conversation);
  const answer = await until(conversation, (text) => /reset|closed|Broken pipe/i.test(text));
  t.match(answer, /reset|closed|Broken pipe/i);
});

t.test('TCP, dead_flows drain: they go on until the deadline, then they are cut', async (t) => {
  await using here = await scene(configuration('TCP', 'dead_flows drain 20'), 'tcp');
  await using conversation = await Conversation.open('client', service);
  const server = await bereave(here, conversation);
  alive(t, nameOf(await conversation.ask('still there?')), server, 'before the deadline');
  const answer = await until(conversation, (text) => /reset|closed|Broken pipe/i.test(text));
  t.match(answer, /reset|closed|Broken pipe/i);
});

t.test('TCP, removed_flows drain: a reload that removes a server lets its connections end', async (t) => {
  await using here = await scene(configuration('TCP', 'removed_flows drain 60'), 'tcp');
  await using conversation = await Conversation.open('client', service);
  const server = nameOf(await conversation.ask('hello'));
  const left = numbersTo(2).filter((n) => serverHost(n) !== server);
  writeFileSync(file, configuration('TCP', 'removed_flows drain 60', left));
  here.director.kill('SIGHUP');
  await here.director.until('daemon.reloaded');
  for (let i = 0; i < 5; i++) alive(t, nameOf(await conversation.ask('still there?')), server, 'the old connection');
  for (let i = 0; i < 3; i++) {
    await using next = await Conversation.open('client', service);
    t.not(nameOf(await next.ask('hello')), server, 'a new connection');
  }
});

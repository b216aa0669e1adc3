/** Events, webhooks and metrics of a real director: health, drift, VRRP and configuration, over kill -9, and what Prometheus's own tool says. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import t, { type Test } from 'tap';
import { ask } from '../helpers/unix-http.js';
import { ipvsOf } from './director-host.js';
import { eventually } from './eventually.js';
import { Director } from './lvsd-process.js';
import { natSite, numbersTo, serverAddress, serverHost, vip } from './nat-site.js';
import { Peer, ask as askServer, serve, serversOf } from './peers.js';
import { Network } from './topology.js';

const PATIENCE_MS = 120_000;
const SOCKET = '/run/lvsd/api.sock';
const FILE = '/run/events.conf';
const HOOK = '/run/hook.jsonl';

const configuration = (weight: number): string => `
vrrp_instance V1 {
    interface outside
    version 3
    virtual_router_id 51
    priority 150
    advert_int 0.2
    virtual_ipaddress {
        10.1.0.200/24
    }
}
webhook http://10.1.0.1:9000/hook {
    name pager
    events health. vrrp.role director. daemon.
    secret swordfish
    retry 1
}
virtual_server ${vip} 80 {
    delay_loop 1
    lb_algo rr
    lb_kind NAT
    protocol TCP
${numbersTo(2)
  .map(
    (n) =>
      `    real_server ${serverAddress(n)} 80 {\n        weight ${weight}\n        TCP_CHECK {\n            connect_timeout 20\n        }\n    }`,
  )
  .join('\n')}
}
`;

interface Seen {
  readonly id: number;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A receiver in the director's network: it answers 500 to every third request, and writes down what it took. */
function receiver(): ChildProcess {
  const script = `
    let count = 0;
    require('node:http').createServer((request, answer) => {
      let body = '';
      request.on('data', (part) => (body += part));
      request.on('end', () => {
        if (++count % 3 === 0) return void answer.writeHead(500).end();
        require('node:fs').appendFileSync('${HOOK}', JSON.stringify({ signature: request.headers['lvsd-signature'], body }) + '\\n');
        answer.writeHead(204).end();
      });
    }).listen(9000, '10.1.0.1');`;
  return spawn('ip', ['netns', 'exec', 'director', process.execPath, '-e', script], { stdio: 'ignore' });
}

const taken = (): readonly Seen[] =>
  readFileSync(HOOK, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const { signature, body } = JSON.parse(line) as { readonly signature: string; readonly body: string };
      if (!/^t=\d+,v1=[\da-f]{64}$/.test(signature)) throw new Error(`signature ${signature}`);
      return (JSON.parse(body) as { readonly events: readonly Seen[] }).events;
    });

/** A client of the stream, which notes what it hears. */
class Stream {
  readonly heard: Seen[] = [];
  wasReset = false;
  #text = '';
  readonly #asking;

  constructor(after: number | undefined) {
    const headers = {
      accept: 'text/event-stream',
      ...(after === undefined ? {} : { 'last-event-id': String(after) }),
    };
    this.#asking = request({ socketPath: SOCKET, path: '/v1/events', headers, agent: false });
    this.#asking.on('error', () => undefined);
    this.#asking.once('response', (answer) => {
      answer.on('error', () => undefined);
      answer.setEncoding('utf8').on('data', (part: string) => this.#take(part));
    });
    this.#asking.end();
  }

  get last(): number | undefined {
    return this.heard.at(-1)?.id;
  }

  until(event: string, fits: (seen: Seen) => boolean = () => true): Promise<Seen> {
    return eventually(() => {
      const seen = this.heard.find((one) => one.event === event && fits(one));
      if (seen === undefined) throw new Error(`${event} is not among ${this.heard.map((one) => one.event).join(' ')}`);
      return seen;
    }, PATIENCE_MS);
  }

  close(): void {
    this.#asking.destroy();
  }

  #take(part: string): void {
    const frames = `${this.#text}${part}`.split('\n\n');
    this.#text = frames.pop() ?? '';
    for (const frame of frames) {
      if (frame.includes('event: reset')) this.wasReset = true;
      const [, data] = /^id: .*\ndata: (.*)$/.exec(frame) ?? [];
      if (data !== undefined) this.heard.push(JSON.parse(data) as Seen);
    }
  }
}

const started = async (): Promise<Director> => {
  const director = new Director('director', FILE);
  await director.until('daemon.started');
  return director;
};

const page = async (path: string): Promise<string> => {
  const { status, text } = await ask(SOCKET, path);
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  return text;
};

async function servers(): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const n of numbersTo(2))
    peers.push(await serve(serverHost(n), [{ protocol: 'tcp', address: serverAddress(n), port: 80 }]));
  return peers;
}

function promtoolTakes(t: Test, text: string): void {
  const { stdout, stderr, status, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  t.equal(`${error?.message ?? ''}${status} ${stdout}${stderr}`, '0 ');
}

t.test('events of a director, over its death, to a stream and to a webhook', async (t) => {
  await using network = await Network.build(natSite(2));
  rmSync('/run/lvsd', { recursive: true, force: true });
  writeFileSync(HOOK, '');
  writeFileSync(FILE, configuration(1));
  const [, second] = await servers();
  const hook = receiver();
  t.teardown(() => void hook.kill('SIGKILL'));
  const first = await started();
  const stream = new Stream(0);

  await stream.until('daemon.started');
  await stream.until('vrrp.role', ({ to, process: from }) => to === 'master' && from === 'vrrp');

  await second![Symbol.asyncDispose]();
  const down = await stream.until('health.verdict', ({ verdict }) => verdict === 'down');
  t.match(down, { level: 'warn', server: `tcp ${vip}:80 -> ${serverAddress(2)}:80` });

  const ipvs = await ipvsOf('director');
  const key = { by: 'address', protocol: 'tcp', address: vip, port: 80 } as const;
  await ipvs.deleteDestination(key, { address: serverAddress(1), port: 80 });
  t.match(await stream.until('director.drift'), { repair: true, count: 1 });

  writeFileSync(FILE, 'virtual_sever x {\n}\n');
  first.kill('SIGHUP');
  await stream.until('daemon.reload-refused');
  writeFileSync(FILE, configuration(2));
  first.kill('SIGHUP');
  await stream.until('daemon.reloaded');

  first.kill('SIGKILL');
  await first[Symbol.asyncDispose]();
  stream.close();
  const known = stream.last; // nothing comes any more
  await using again = await started();
  const resumed = new Stream(known);
  await resumed.until('daemon.started');
  t.notOk(resumed.wasReset, 'nothing was missed');

  const { items } = JSON.parse(await page('/v1/events?after=0&limit=1000')) as { readonly items: readonly Seen[] };
  const upTo = (last: number, list: readonly Seen[]): readonly number[] =>
    list.map(({ id }) => id).filter((id) => id <= last);
  const last = resumed.last ?? 0;
  t.same(upTo(last, [...stream.heard, ...resumed.heard]), upTo(last, items), 'both streams together heard all, once');
  t.same(
    upTo(last, items),
    [...upTo(last, items)].sort((a, b) => a - b),
    'in order',
  );

  const wanted = items.filter(
    ({ id, event }) => /^(health\.|vrrp\.role|director\.|daemon\.)/.test(event) && id <= last && id > (known ?? 0),
  );
  await eventually(() => {
    const ids = new Set(taken().map(({ id }) => id));
    for (const { id, event } of wanted) if (!ids.has(id)) throw new Error(`the webhook has not got ${event}`);
  }, PATIENCE_MS);
  const told = taken().map(({ id }) => id);
  const once = told.filter((id, i) => told.indexOf(id) === i);
  t.same(
    once,
    [...once].sort((a, b) => a - b),
    'the webhook was told in order, though every third request failed',
  );
  t.ok(taken().some(({ event, to }) => event === 'vrrp.role' && to === 'master'));
  t.ok(taken().some(({ event }) => event === 'daemon.reload-refused'));
  resumed.close();

  await eventually(async () => {
    const replies = await askServer(network, 'client', { protocol: 'tcp', address: vip, port: 80 }, 4);
    if (serversOf(replies).length < 1) throw new Error('nobody answers');
  }, PATIENCE_MS);
  const lines = [
    'lvsd_vrrp_role{router="V1",role="master"} 1',
    `lvsd_destination_up{service="tcp ${vip}:80",destination="${serverAddress(1)}:80"} 1`,
    `lvsd_destination_up{service="tcp ${vip}:80",destination="${serverAddress(2)}:80"} 0`,
    `lvsd_destination_weight{service="tcp ${vip}:80",destination="${serverAddress(1)}:80"} 2`,
    'lvsd_vrrp_up 1',
    'lvsd_table_read_successful 1',
    'lvsd_webhook_up{webhook="pager"} 1', // after a request that did not fail
  ];
  const text = await eventually(async () => {
    const text = await page('/metrics');
    if (!/^lvsd_service_connections_total\{service="tcp 10\.1\.0\.100:80"\} [1-9]/m.test(text)) throw new Error(text);
    for (const line of lines) if (!text.includes(`${line}\n`)) throw new Error(`no ${line} in ${text}`);
    return text;
  }, PATIENCE_MS);
  promtoolTakes(t, text);
  ipvs.close();
  await again.stop();
});

/** The engine's process as the daemon has it, between a client and a server that are real stacks. */
import { ip } from '../../helpers/own-namespace.js';
import { execFile, spawn } from 'node:child_process';
import { accessSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { systemEngine } from '../../../src/daemon/engine-system.js';
import { engineProgram } from '../../../src/dataplane/process.js';
import type { Change } from '../../../src/model/change.js';
import { defaultDestinationSettings } from '../../../src/model/destination.js';
import { defaultEngineOptions, defaultEngineSettings, type EngineOptions } from '../../../src/model/engine.js';
import { defaultServiceSettings, type ServiceKey, serviceName } from '../../../src/model/service.js';
import { systemClock } from '../../../src/system/clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { findProgram, temporaryDirectory } from '../../helpers/program.js';

const missing = (): string | false => {
  try {
    accessSync(engineProgram());
  } catch {
    return 'lvsd-dataplane is not built';
  }
  return findProgram('nft') === undefined ? 'nft is not installed' : false;
};

const run = promisify(execFile);
const [client, server] = [`lvsd-client-${process.pid}`, `lvsd-server-${process.pid}`];
for (const name of [client, server]) ip(`netns add ${name}`);
t.teardown(() => {
  for (const name of [client, server]) ip(`netns del ${name}`);
});
ip(`link add c0 type veth peer name c1 netns ${client}`);
ip(`link add s0 type veth peer name s1 netns ${server}`);
ip('address add 192.0.2.1/24 dev c0');
ip('address add 10.1.0.1/24 dev s0');
for (const name of ['c0', 's0']) ip(`link set ${name} up`);
ip(`-n ${client} address add 192.0.2.2/24 dev c1`);
ip(`-n ${server} address add 10.1.0.2/24 dev s1`);
for (const [name, dev] of [
  [client, 'c1'],
  [server, 's1'],
] as const) {
  ip(`-n ${name} link set lo up`);
  ip(`-n ${name} link set ${dev} up`);
}
ip(`-n ${client} route add default via 192.0.2.1`);
ip(`-n ${server} route add default via 10.1.0.1`);

const web: ServiceKey = { by: 'address', protocol: 'tcp', address: '198.51.100.1', port: 80 };
const name = serviceName(web);
const body = 'x'.repeat(300_000);
const changes: readonly Change[] = [
  {
    do: 'add-service',
    service: web,
    settings: { ...defaultServiceSettings('ip4'), scheduler: 'maglev', engine: defaultEngineSettings },
  },
  {
    do: 'add-destination',
    service: web,
    destination: { address: '10.1.0.2', port: 8080 },
    settings: { ...defaultDestinationSettings, method: 'masquerade' },
  },
];
const settings: EngineOptions = { ...defaultEngineOptions, mode: 'packet', workers: 1, sessions: 10_000 };

function engineOf(directory: string) {
  const log = new MemoryLog();
  const engine = systemEngine({
    path: join(directory, 'engine.sock'),
    logFile: join(directory, 'engine.log'),
    clock: systemClock,
    log,
    version: 'test',
  });
  return { engine, log };
}

/** A web server in the namespace of servers, until the test ends. */
async function serve(t: Test): Promise<void> {
  const script = `require('http').createServer((q, a) => a.end('x'.repeat(${body.length}))).listen(8080, () => console.log('ready'))`;
  const child = spawn('ip', ['netns', 'exec', server, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => void child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
}

/** What a client gets from the VIP. */
async function get(): Promise<string> {
  const script = `require('http').get({ host: '198.51.100.1', timeout: 60000 }, (a) => a.pipe(process.stdout)).on('timeout', () => process.exit(9)).on('error', (e) => { console.error(e.message); process.exit(8); })`;
  const { stdout } = await run('ip', ['netns', 'exec', client, process.execPath, '-e', script], {
    maxBuffer: 10_000_000,
  });
  return stdout;
}

const until = async (is: () => Promise<boolean> | boolean): Promise<boolean> => {
  for (let i = 0; i < 3000; i++) {
    if (await is()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
};

t.test('from the first service to the last', { skip: missing(), timeout: 300_000 }, async (t) => {
  const directory = temporaryDirectory(t);
  t.teardown(() => {
    if (!t.passing()) console.error(readFileSync(join(directory, 'engine.log'), 'utf8'));
  });
  await serve(t);
  const { engine, log } = engineOf(directory);
  t.teardown(() => engine.close('stop'));
  await engine.open(settings);
  t.equal((await engine.status()).running, false, 'no service, no engine');
  t.same(await engine.forwarder.apply(changes), [undefined, undefined]);
  const status = await engine.status();
  t.equal(status.running, true);
  t.equal(status.version, 'test');
  t.same(
    status.ports.map((port) => [port.name, port.mode, port.queues > 0]).sort(),
    [
      ['c0', 'packet', true],
      ['s0', 'packet', true],
    ],
    'chosen by themselves',
  );
  t.same([...(await engine.forwarder.read()).keys()], [name]);
  t.equal(await get(), body, 'through the engine');
  const statistics = (await engine.forwarder.statistics()).get(name)!;
  t.ok(statistics.statistics.connections >= 1n);
  t.ok(statistics.destinations.get('10.1.0.2:8080')!.statistics.inPackets > 3n);

  t.test('it is captured and explained', async (t) => {
    const parts: Uint8Array[] = [];
    const capture = await engine.capture({ vip: '198.51.100.1', most: 4 }, (bytes) => parts.push(bytes));
    t.equal(await get(), body);
    t.equal(await capture.done, 4);
    t.ok(Buffer.concat(parts).length > 500);
    const [, link = ''] = /link\/ether (\S+)/.exec(ip('link show c0')) ?? [];
    const frame = Buffer.from(
      `${link.replaceAll(':', '')}02000000000108004500002800010000400600000000000000000000fa0000500000000000000000500200000000000000`.slice(
        0,
        108,
      ),
      'hex',
    );
    frame.set([192, 0, 2, 2, 198, 51, 100, 1], 26);
    let sum = 0;
    for (let i = 14; i < 34; i += 2) sum += i === 24 ? 0 : frame.readUInt16BE(i);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    frame.writeUInt16BE(~sum & 0xffff, 24);
    t.match(await engine.explain('c0', frame), /10\.1\.0\.2/);
    await t.rejects(engine.explain('nope', frame), { code: 'ENGINE_CANNOT' });
  });

  t.test('a director that goes and one that comes: nothing is lost', async (t) => {
    const { pid } = await engine.status();
    await engine.close('keep');
    t.equal(await get(), body, 'without a director');
    const next = engineOf(directory);
    t.teardown(() => next.engine.close('stop'));
    await next.engine.open(settings);
    t.equal((await next.engine.status()).pid, pid, 'the same process');
    t.same([...(await next.engine.forwarder.read()).get(name)!.destinations.keys()], ['10.1.0.2:8080']);
    t.equal(await get(), body);
    t.ok(((await next.engine.status()).counters?.liveSessions ?? 0n) >= 2n, 'its sessions are there');

    await next.engine.follow({ ...settings, workers: 2 });
    const renewed = await next.engine.status();
    t.not(renewed.pid, pid, 'another process');
    t.equal(renewed.workers, 2);
    t.ok((renewed.counters?.liveSessions ?? 0n) >= 2n, 'with the same sessions');
    t.equal(await get(), body);

    process.kill(renewed.pid!, 'SIGKILL');
    t.ok(
      await until(async () => ((await next.engine.status().catch(() => undefined))?.restarts ?? 0) === 1),
      'started again',
    );
    t.ok(await until(() => next.log.named('engine.port').length > status.ports.length * 2), 'with its ports');
    t.equal(await get(), body, 'and its table');

    t.same(await next.engine.forwarder.apply([{ do: 'delete-service', service: web }]), [undefined]);
    await next.engine.close('stop');
    const after = engineOf(directory);
    await after.engine.open(settings);
    t.equal((await after.engine.status()).running, false, 'stopped is stopped');
    await after.engine.close('keep');
    const { stdout } = await run('nft', ['list', 'ruleset']);
    t.equal(stdout, '', 'no rule is left');
  });
  t.equal(log.named('engine.network-not-published').length, 0);
});

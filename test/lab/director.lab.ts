// kernels: uml, qemu
/** lvsd as its users run it: a process, a file, signals, a kernel, and real connections through it. All on the guest's own lo. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { openNetlink } from '../../src/addon/netlink.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import { NETLINK_GENERIC } from '../../src/netlink/generic.js';
import { eventually } from './eventually.js';

const bin = (name: string): string => join(fileURLToPath(new URL('../../../', import.meta.url)), 'bin', name);
const [vip, first, second] = ['127.100.0.1', '127.0.1.1', '127.0.1.2'];

execFileSync('ip', ['link', 'set', 'lo', 'up']);
const ipvs = new IpvsClient(openNetlink(NETLINK_GENERIC));
t.teardown(() => ipvs.close());

/** `127.0.1.1:8000 1` of the service, sorted. */
async function destinations(): Promise<string[]> {
  const [service] = await ipvs.list();
  return (service?.destinations ?? [])
    .map(({ key, settings }) => `${key.address}:${key.port} ${settings.weight}`)
    .sort();
}
const shows = (wanted: readonly string[]): Promise<void> =>
  eventually(async () => {
    const have = await destinations();
    if (have.join() !== wanted.join()) throw new Error(`have ${have.join(', ')}, want ${wanted.join(', ')}`);
  });

interface Lvsd {
  readonly process: ChildProcess;
  /** Log events so far. */
  readonly events: () => Record<string, unknown>[];
  readonly named: (event: string) => Record<string, unknown>[];
}

/** Runs until the test ends, or is ended by it. Resolves when it has started. */
async function lvsd(t: Test, folder: string): Promise<Lvsd> {
  const args = ['run', '-f', join(folder, 'lvsd.conf'), '--state', join(folder, 'state'), '--observe', '1'];
  const child = spawn(process.execPath, [bin('lvsd'), ...args, '--control', `/run/lvsd-lab-${process.pid}.sock`], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const events = (): Record<string, unknown>[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}')) // the last one may not be whole yet
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const named = (event: string): Record<string, unknown>[] => events().filter((one) => one['event'] === event);
  await eventually(() => {
    if (named('daemon.started').length === 0) throw new Error(`lvsd has not started: ${text}`);
  });
  return { process: child, events, named };
}

const wait = (lvsd: Lvsd, event: string, count = 1): Promise<void> =>
  eventually(() => {
    if (lvsd.named(event).length < count) throw new Error(`no ${event}: ${JSON.stringify(lvsd.events())}`);
  });

const writesOf = (lvsd: Lvsd): number => lvsd.named('director.applied').length;

const file = (check: string, { globals = '', weight = 1 } = {}): string => `global_defs {
  ${globals}
}
virtual_server ${vip} 80 {
  delay_loop 1
  lb_algo rr
  lb_kind NAT
  protocol TCP
  real_server ${first} 8000 {
    ${check}
  }
  real_server ${second} 8000 {
    weight ${weight}
    ${check}
  }
}
`;
const httpCheck = `HTTP_GET {
      url {
        path /
        status_code 200
      }
      connect_timeout 15
      retry 0
      fast_recovery
    }`;
const tcpCheck = `TCP_CHECK {
      connect_timeout 15
      retry 0
    }`;

/** The folder with the file; write replaces it. */
function site(t: Test, text: string): { folder: string; write: (text: string) => void } {
  const folder = t.testdir({ 'lvsd.conf': text });
  return { folder, write: (text) => writeFileSync(join(folder, 'lvsd.conf'), text) };
}

async function web(address: string): Promise<HttpServer> {
  const server = createHttpServer((_, response) => response.end(address));
  server.listen(8000, address);
  await once(server, 'listening');
  return server;
}
async function close(server: HttpServer): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

const ask = async (): Promise<string> =>
  (await fetch(`http://${vip}/`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(60_000) })).text();

t.test('a site: requests, a server that dies and returns, reload, drift, stop', async (t) => {
  const one = await web(first);
  let two = await web(second);
  t.teardown(() => Promise.all([close(one), close(two)]));
  const { folder, write } = site(t, file(httpCheck));
  const daemon = await lvsd(t, folder);
  const both = [`${first}:8000 1`, `${second}:8000 1`];

  t.same(await destinations(), both, 'in the table when it says that it has started');
  await wait(daemon, 'health.verdict', 2);
  await shows(both); // an emulated kernel may take longer for a first answer than a check allows
  t.same([await ask(), await ask(), await ask(), await ask()].sort(), [first, first, second, second]);

  await close(two);
  await shows([`${first}:8000 1`]);
  t.same([await ask(), await ask()], [first, first]);
  two = await web(second);
  await shows(both);

  write(file(httpCheck).replace('weight 1', 'wieght 1'));
  daemon.process.kill('SIGHUP');
  await wait(daemon, 'daemon.reload-refused');
  const before = writesOf(daemon); // only now: what was written before that is told before that
  t.match(daemon.named('config.complaint'), [{ complaint: /lvsd.conf:\d+:5: 'wieght' is no keyword of real_server/ }]);
  write(file(httpCheck, { weight: 3 }));
  daemon.process.kill('SIGHUP');
  await wait(daemon, 'daemon.reloaded');
  t.equal(writesOf(daemon), before + 1, 'one write');
  t.match(daemon.named('director.applied').at(-1), { changes: 1, refused: 0 });
  t.same(await destinations(), [`${first}:8000 1`, `${second}:8000 3`]);
  daemon.process.kill('SIGHUP');
  await wait(daemon, 'daemon.reloaded', 2);
  t.equal(writesOf(daemon), before + 1, 'the same file writes nothing');

  const [service] = await ipvs.list();
  if (service === undefined) throw new Error('no service');
  const key = { by: 'address', protocol: 'tcp', address: '127.100.0.9', port: 80 } as const;
  await ipvs.addService(key, service.settings);
  await ipvs.deleteService(service.key);
  await wait(daemon, 'director.drift');
  await eventually(async () => {
    if ((await ipvs.findService(service.key)) === undefined) throw new Error('not repaired');
  });
  t.ok(await ipvs.findService(key), "a stranger's service is left alone");

  daemon.process.kill('SIGTERM');
  t.same(await once(daemon.process, 'exit'), [0, null]);
  t.same(
    (await ipvs.services()).map((row) => row.key),
    [key],
    'what is ours is gone, what is not is there',
  );
  await ipvs.deleteService(key);
});

t.test('lvs_stop keep: the table and its traffic outlive the daemon', async (t) => {
  const servers = [await web(first), await web(second)];
  t.teardown(() => Promise.all(servers.map(close)));
  const { folder } = site(t, file(tcpCheck, { globals: 'lvs_stop keep' }));
  const daemon = await lvsd(t, folder);
  daemon.process.kill('SIGINT');
  t.same(await once(daemon.process, 'exit'), [0, null]);
  t.same([await ask(), await ask()].sort(), [first, second]);
  await ipvs.flush();
});

t.test('when nobody is alive the sorry server answers, until somebody is', async (t) => {
  const sorry = '127.0.1.9';
  const servers = [await web(first), await web(second)];
  const apology = await web(sorry);
  t.teardown(() => close(apology));
  const { folder } = site(t, file(tcpCheck).replace('protocol TCP', `protocol TCP\n  sorry_server ${sorry} 8000`));
  await lvsd(t, folder);
  t.same([await ask(), await ask()].sort(), [first, second]);

  await Promise.all(servers.map(close));
  await shows([`${sorry}:8000 1`]);
  t.equal(await ask(), sorry);

  const back = await web(second);
  t.teardown(() => close(back));
  await shows([`${second}:8000 1`]);
  t.equal(await ask(), second);
});

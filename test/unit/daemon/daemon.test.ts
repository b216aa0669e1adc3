/** The whole daemon with a fake kernel and real servers on the loopback. */
import { decodeRequest } from '../../../src/cli/control.js';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { lvsctl } from '../../../src/cli/lvsctl.js';
import { serveControl } from '../../../src/daemon/control.js';
import { Daemon } from '../../../src/daemon/daemon.js';
import { configurationOf, tableText } from '../../helpers/configuration.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { probePorts } from '../../helpers/probe-ports.js';
import { FakeKernel } from '../../helpers/fake-kernel.js';
import { MemoryFile } from '../../helpers/memory-file.js';
import { MemoryLog } from '../../helpers/memory-log.js';

class Site {
  text: string;
  constructor(text: string) {
    this.text = text;
  }
  readonly path = 'test.conf';
  read(): { configuration: ReturnType<typeof configurationOf> | undefined; complaints: string[] } {
    try {
      return { configuration: configurationOf(this.text), complaints: [] };
    } catch (error) {
      return { configuration: undefined, complaints: (error as Error).message.split('\n') };
    }
  }
}

interface Scene {
  readonly daemon: Daemon;
  readonly kernel: FakeKernel;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly site: Site;
  readonly control: string;
  /** What the service manager heard. */
  readonly told: readonly string[];
  /** Lets time pass until `event` is logged once more. */
  readonly until: (event: string, ms: number) => Promise<void>;
}

async function scene(
  t: Test,
  text: string,
  kernel = new FakeKernel(),
  state = new MemoryFile(),
  health = new MemoryFile(),
): Promise<Scene> {
  const [clock, log, site] = [new FakeClock(), new MemoryLog(), new Site(text)];
  // not in the checkout: the path of a socket has 107 bytes
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const control = join(folder, 'control.sock');
  const told: string[] = [];
  const manager = { reloading: () => void told.push('reloading'), reloaded: () => void told.push('reloaded') };
  const world = { ...probePorts(clock), forwarder: kernel, manager, log };
  const options = {
    source: site,
    state,
    health,
    made: new MemoryFile(),
    controlPath: control,
    observeMs: 10_000,
    foreign: 'adopt',
  } as const;
  const daemon = await Daemon.start(configurationOf(text), world, options);
  t.teardown(() => daemon.stop());
  const until = async (event: string, ms: number): Promise<void> => {
    const before = log.named(event).length;
    clock.advance(ms);
    while (log.named(event).length === before) await settled();
    await settled();
  };
  return { daemon, kernel, clock, log, site, control, told, until };
}

async function listening(port = 0): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port: (server.address() as { port: number }).port, server };
}
const closed = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));

const virtual = (port: number, more = '', check = ''): string => `virtual_server 192.0.2.1 80 {
  lb_algo rr
  lb_kind NAT
  protocol TCP
  delay_loop 5
  ${more}
  real_server 127.0.0.1 ${port} {
    TCP_CHECK {
      retry 0
      ${check}
    }
  }
  real_server 127.0.0.2 80 {
  }
}
`;
const both = (port: number): string[] => ['tcp 192.0.2.1:80 rr', `  127.0.0.1:${port} 1`, '  127.0.0.2:80 1'];
const one = ['tcp 192.0.2.1:80 rr', '  127.0.0.2:80 1'];

t.test('a server that dies leaves within its interval, and comes back', async (t) => {
  const { port, server } = await listening();
  const { kernel, until } = await scene(t, virtual(port));
  t.same(tableText(kernel.table), both(port), 'assumed up at the start');
  await until('health.verdict', 1000);
  await closed(server);
  await until('health.verdict', 5000);
  t.same(tableText(kernel.table), one);
  const again = await listening(port);
  t.teardown(() => closed(again.server));
  await until('health.verdict', 5000);
  t.same(tableText(kernel.table).sort(), both(port).sort());
});

t.test('alpha: a server joins after its first success', async (t) => {
  const { port, server } = await listening();
  t.teardown(() => closed(server));
  const { kernel, until } = await scene(t, virtual(port, 'alpha'));
  t.same(tableText(kernel.table), one);
  await until('director.applied', 1000);
  t.same(tableText(kernel.table).sort(), both(port).sort());
});

t.test('started again over the table of one that was killed: alpha changes nothing, nothing is written', async (t) => {
  const { port, server } = await listening();
  t.teardown(() => closed(server));
  const [kernel, state] = [new FakeKernel(), new MemoryFile()];
  const first = await scene(t, virtual(port), kernel, state);
  const remembered = new MemoryFile(state.text);
  const table = kernel.table;
  await first.daemon.stop();
  const second = await scene(t, virtual(port, 'alpha'), new FakeKernel(table), remembered);
  t.same(second.kernel.writes, []);
});

t.test('ended for another one that follows at once all stays, whatever the file says of a stop', async (t) => {
  const { port, server } = await listening();
  t.teardown(() => closed(server));
  const stopped = await scene(t, virtual(port));
  await stopped.daemon.stop();
  t.equal(stopped.kernel.table.size, 0, 'a stop removes what is ours: that is the default');
  const kernel = new FakeKernel();
  const restarted = await scene(t, virtual(port), kernel);
  const before = tableText(kernel.table);
  await restarted.daemon.stop('keep');
  t.same(tableText(kernel.table), before);
  t.not(before.length, 0);
});

t.test('who manages services is told when a reload begins and ends, also one of a broken file', async (t) => {
  const { port, server } = await listening();
  t.teardown(() => closed(server));
  const { daemon, site, told } = await scene(t, virtual(port));
  await daemon.reload();
  t.match(daemon.summary, /^1 services/);
  site.text = 'virtual_server nonsense {\n}\n';
  await t.rejects(daemon.reload());
  t.same(told, ['reloading', 'reloaded', 'reloading', 'reloaded']);
});

t.test('a reload keeps what monitors know, and touches nothing that did not change', async (t) => {
  const { port, server } = await listening();
  const { daemon, kernel, site, log, until } = await scene(t, virtual(port));
  await closed(server);
  await until('health.verdict', 1000);
  const writes = kernel.writes.length;
  await daemon.reload();
  t.equal(kernel.writes.length, writes, 'the same file');
  site.text = virtual(port, '', 'connect_timeout 2');
  await daemon.reload();
  t.equal(kernel.writes.length, writes, 'other checks: the server that was down is down');
  site.text = `# moved by a line\n${virtual(port, '', 'connect_timeout 2')}`.replace(
    'real_server 127.0.0.2 80 {',
    '$&\nweight 3',
  );
  await daemon.reload();
  t.same(kernel.writes.at(-1)?.length, 1);
  t.equal(log.named('daemon.reloaded').length, 3);
});

t.test('a broken file changes nothing and every complaint is logged', async (t) => {
  const { daemon, kernel, site, log } = await scene(t, virtual(1));
  const before = tableText(kernel.table);
  site.text = virtual(1).replace('lb_algo', 'lb_algoo').replace('delay_loop', 'delay_lop');
  await t.rejects(daemon.reload(), { code: 'CONFIG_REFUSED', message: /2 errors; nothing was changed/ });
  t.same(tableText(kernel.table), before);
  t.match(log.named('config.complaint'), [
    { complaint: "test.conf:2:3: 'lb_algoo' is no keyword of virtual_server; did you mean 'lb_algo'?" },
    { complaint: /delay_loop/ },
  ]);
});

t.test('a server that left the file is watched no more', async (t) => {
  const { daemon, site, clock } = await scene(t, virtual(1));
  t.equal(clock.pending, 3, 'a check, the look for drift, and what is to be remembered');
  site.text = virtual(1).replace(/TCP_CHECK \{[^}]*\}/, '');
  await daemon.reload();
  t.equal(clock.pending, 2);
});

t.test('lvsctl: status, plan, weight, reload', async (t) => {
  const { kernel, site, control } = await scene(t, virtual(1));
  let said = '';
  const output = { out: (text: string) => void (said = text), err: (text: string) => void (said = text) };
  const ask = async (...words: string[]): Promise<number> => lvsctl(['--control', control, ...words], output, {});

  t.equal(await ask('status'), 0);
  t.match(said, 'tcp 192.0.2.1:80 rr\n  -> 127.0.0.1:1 masquerade weight 1\n');
  t.match(said, 'tcp 192.0.2.1:80 -> 127.0.0.1:1 tcp up (assumed)');
  t.equal(await ask('weight', 'tcp 192.0.2.1:80 -> 127.0.0.2:80', '0'), 0);
  t.match(tableText(kernel.table), ['tcp 192.0.2.1:80 rr', '  127.0.0.1:1 1', '  127.0.0.2:80 0']);
  site.text = virtual(1).replace('lb_algo rr', 'lb_algo wrr');
  t.equal(await ask('plan'), 0);
  t.equal(said, '~ tcp 192.0.2.1:80 wrr\n1 change\n');
  t.equal(await ask('reload'), 0);
  t.equal(kernel.table.get('tcp 192.0.2.1:80')?.settings.scheduler, 'wrr');
  site.text = 'nonsense';
  t.equal(await ask('reload'), 1);
  t.match(said, /nothing was changed/);
  t.equal(await lvsctl(['--control', '/nowhere/at-all.sock', 'status'], output, {}), 1);
  t.match(said, /no lvsd answers at \/nowhere\/at-all.sock/);
});

t.test('scripts are run when a server and a quorum go down, and at the end with omega', async (t) => {
  const folder = t.testdir();
  const text = virtual(1, `omega\nquorum 2\nquorum_down /bin/touch_absent`)
    .replace('TCP_CHECK', 'notify_down "/usr/bin/touch FOLDER/down"\nTCP_CHECK')
    .replace('FOLDER', folder);
  const { daemon, log, until } = await scene(t, text);
  await until('notify.done', 1000);
  t.ok(existsSync(`${folder}/down`));
  while (log.named('notify.failed').length === 0) await settled();
  t.match(log.named('notify.failed'), [{ name: 'tcp 192.0.2.1:80', failed: /does not exist/ }]);
  await daemon.stop();
  t.equal(log.named('notify.done').length, 1, 'the server that is down goes down no more');
});

t.test('a second daemon is refused before it touches anything', async (t) => {
  const { control } = await scene(t, virtual(1));
  const kernel = new FakeKernel();
  const world = { ...probePorts(new FakeClock()), forwarder: kernel, log: new MemoryLog() };
  const options = {
    source: new Site(''),
    state: new MemoryFile(),
    health: new MemoryFile(),
    made: new MemoryFile(),
    controlPath: control,
    observeMs: 1,
    foreign: 'adopt',
  } as const;
  await t.rejects(Daemon.start(configurationOf(virtual(1)), world, options), { code: 'DIRECTOR_RUNS' });
  t.equal(kernel.reads + kernel.writes.length, 0);
});

t.test('a socket whose path is too long is refused, not cut', async (t) => {
  const path = `/tmp/${'x'.repeat(110)}`;
  await t.rejects(
    serveControl(
      path,
      { decode: decodeRequest, answer: () => Promise.resolve() },
      { log: new MemoryLog(), clock: new FakeClock() },
    ),
    { code: 'CONTROL_FAILED' },
  );
});

t.test('started and stopped, nothing is left: no timer, no socket, no handle', async (t) => {
  for (let turn = 0; turn < 10; turn++) await settled(); // what the tests before this one closed
  const before = process.getActiveResourcesInfo().sort();
  const { port, server } = await listening();
  const { daemon, clock, kernel, until } = await scene(t, virtual(port));
  await until('health.verdict', 1000);
  await daemon.stop();
  await closed(server);
  const left = (): readonly string[] => process.getActiveResourcesInfo().sort();
  for (let turn = 0; turn < 10 || (turn < 10_000 && left().join() !== before.join()); turn++) await settled();
  t.equal(clock.pending, 0);
  t.same([...kernel.table], []);
  t.same(left(), before);
});

t.test('stopped while a reload is under way: it ends first, and leaves nothing behind', async (t) => {
  const { daemon, clock, site } = await scene(t, virtual(1));
  site.text = virtual(2);
  const reload = daemon.reload();
  await daemon.stop();
  await reload;
  t.equal(clock.pending, 0);
});

t.test('a connection that could not be accepted is said, and ends nobody', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'control.sock');
  const log = new MemoryLog();
  const close = await serveControl(
    path,
    { decode: decodeRequest, answer: () => Promise.resolve() },
    { log, clock: new FakeClock() },
  );
  t.teardown(close);
  const { _getActiveHandles: handles } = process as unknown as { readonly _getActiveHandles: () => readonly unknown[] };
  const servers = handles.call(process).filter((handle): handle is Server => handle instanceof Server);
  for (const server of servers) if (server.address() === path) server.emit('error', new Error('accept ENOMEM'));
  t.match(log.named('control.refused'), [{ reason: 'accept ENOMEM' }]);
});

t.test('a start that fails leaves no sysctl behind', async (t) => {
  const kernel = new FakeKernel();
  const values = new Map([['net/ipv4/vs/expire_nodest_conn', '0']]);
  const written: string[] = [];
  const sysctl = {
    read: (name: string) => Promise.resolve(values.get(name) ?? ''),
    write: (name: string, value: string) => {
      written.push(value);
      values.set(name, value);
      return Promise.resolve();
    },
  };
  kernel.read = () => (kernel.reads++ === 0 ? Promise.resolve(new Map()) : Promise.reject(new Error('no answer')));
  const world = { ...probePorts(new FakeClock()), forwarder: kernel, log: new MemoryLog(), sysctl };
  const files = { state: new MemoryFile(), health: new MemoryFile(), made: new MemoryFile(), controlPath: undefined };
  const text = virtual(1, 'dead_flows cut');
  const options = { ...files, source: new Site(text), observeMs: 10_000, foreign: 'adopt' } as const;
  await t.rejects(Daemon.start(configurationOf(text), world, options), /no answer/);
  t.same(written, ['1', '0']);
});

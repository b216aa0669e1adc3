import t from 'tap';
import type { SyncDaemonSettings } from '../../../src/config/configuration.js';
import { VrrpSyncDaemon } from '../../../src/daemon/vrrp-sync-daemon.js';
import { LvsError } from '../../../src/errors.js';
import type { SyncDaemon } from '../../../src/ipvs/rows.js';
import { settled } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const bound: SyncDaemonSettings = { interface: 'eth1', instance: 'V1', syncId: 51, maxLength: 1400 };
const daemon = (state: SyncDaemon['state'], more: Partial<SyncDaemon> = {}): SyncDaemon => ({
  state,
  interface: 'eth1',
  syncId: 51,
  maxLength: 1400,
  ...more,
});

/** As the kernel: a daemon that runs cannot be started, and it fills in what was not said. */
class FakeKernel {
  running: SyncDaemon[] = [];
  readonly orders: string[] = [];
  closed = false;

  daemons = (): Promise<SyncDaemon[]> => Promise.resolve([...this.running]);
  async startDaemon(wanted: SyncDaemon): Promise<void> {
    await settled();
    this.orders.push(`start ${wanted.state}`);
    if (this.running.some(({ state }) => state === wanted.state)) throw new Error('Daemon has already run');
    this.running.push({ port: 8848, ttl: 1, group: '224.0.0.81', ...wanted });
  }
  async stopDaemon(state: SyncDaemon['state']): Promise<void> {
    await settled();
    this.orders.push(`stop ${state}`);
    if (!this.running.some((one) => one.state === state)) throw new Error('No such process');
    this.running = this.running.filter((one) => one.state !== state);
  }
  close(): void {
    this.closed = true;
  }
  get states(): readonly string[] {
    return this.running.map(({ state }) => state);
  }
}

function scene(running: readonly SyncDaemon[] = []): {
  readonly kernel: FakeKernel;
  readonly log: MemoryLog;
  readonly daemon: VrrpSyncDaemon;
} {
  const [kernel, log] = [new FakeKernel(), new MemoryLog()];
  kernel.running = [...running];
  return { kernel, log, daemon: new VrrpSyncDaemon({ open: () => kernel, log }) };
}

const quiet = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await settled();
};

t.test('the one of the state, and never both', async (t) => {
  const { kernel, daemon } = scene();
  await daemon.follow(bound);
  t.same(kernel.states, ['backup']);
  daemon.role('V1', 'backup');
  daemon.role('V1', 'master');
  await quiet();
  t.same(kernel.states, ['master']);
  daemon.role('V2', 'fault');
  await quiet();
  t.same(kernel.states, ['master'], 'another instance');
  daemon.role('V1', 'fault');
  await quiet();
  t.same(kernel.states, ['backup']);
  t.same(kernel.orders, ['start backup', 'stop backup', 'start master', 'stop master', 'start backup']);
  daemon.role('V1', 'initialize');
  await daemon.close();
  t.same(kernel.states, []);
  t.ok(kernel.closed);
});

t.test('of many changes in a row the last one counts', async (t) => {
  const { kernel, daemon } = scene();
  await daemon.follow(bound);
  for (const role of ['master', 'backup', 'master', 'backup', 'master'] as const) daemon.role('V1', role);
  await quiet();
  t.same(kernel.states, ['master']);
});

t.test('what a process before us left: one as wanted stays, the other goes', async (t) => {
  for (const left of [[daemon('master')], [daemon('master'), daemon('backup')]]) {
    const { kernel, daemon: ours, log } = scene(left);
    await ours.follow(bound);
    t.same(kernel.states, ['master'], 'we may be master in a moment');
    ours.role('V1', 'master');
    await quiet();
    t.same(kernel.states, ['master']);
    t.notOk(
      kernel.orders.some((order) => order.startsWith('start')),
      'nothing was interrupted',
    );
    ours.role('V1', 'backup');
    await quiet();
    t.same(kernel.states, ['backup']);
    t.same(log.events, []);
  }
});

t.test('with other settings than wanted it is started anew', async (t) => {
  const { kernel, daemon: ours } = scene([daemon('backup', { syncId: 9 })]);
  await ours.follow(bound);
  t.match(kernel.running, [{ state: 'backup', syncId: 51 }]);
  await ours.follow({ ...bound, ttl: 4 });
  t.match(kernel.running, [{ state: 'backup', syncId: 51, ttl: 4 }]);
});

t.test('a reload: the binding goes, or leaves both roles to the director', async (t) => {
  const { kernel, daemon: ours } = scene();
  await ours.follow(bound);
  await ours.follow(undefined);
  t.same(kernel.states, []);
  await ours.follow(bound);
  await kernel.startDaemon(daemon('master'));
  const { instance: _instance, ...unbound } = bound;
  await ours.follow(unbound);
  await ours.close();
  t.same(kernel.states, ['backup', 'master'], 'those of the director');
});

t.test('without a binding nothing is opened; without IPVS it is said once', async (t) => {
  const log = new MemoryLog();
  const ours = new VrrpSyncDaemon({
    open() {
      throw new Error('this kernel has no IPVS');
    },
    log,
  });
  await ours.follow(undefined);
  ours.role('V1', 'master');
  await quiet();
  t.same(log.events, []);
  await ours.follow(bound);
  for (const role of ['backup', 'master', 'backup'] as const) {
    ours.role('V1', role);
    await quiet();
  }
  await ours.close();
  t.match(log.events, [{ event: 'kernel.setting-refused', reason: /no IPVS/ }]);
});

t.test('a kernel without IPVS is no trouble: the engine has a daemon of its own', async (t) => {
  const { kernel, daemon, log } = scene();
  kernel.daemons = () => Promise.reject(new LvsError('IPVS_UNAVAILABLE', []));
  await daemon.follow(bound);
  daemon.role('V1', 'master');
  await quiet();
  t.strictSame(log.events, []);
  await daemon.close();
});

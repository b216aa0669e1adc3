import t from 'tap';
import { KernelSettings, type SettingsPort } from '../../../src/daemon/kernel-settings.js';
import type { SyncDaemon, Timeouts } from '../../../src/ipvs/rows.js';
import { configurationOf, site } from '../../helpers/configuration.js';
import { MemoryLog } from '../../helpers/memory-log.js';

function scene(): {
  readonly port: { timeouts: Timeouts; readonly daemons: SyncDaemon[] };
  readonly log: MemoryLog;
  readonly apply: (globals: string, more?: string) => Promise<void>;
  readonly settings: KernelSettings;
} {
  const port = { timeouts: { tcp: 900, tcpFin: 120, udp: 300 }, daemons: [] as SyncDaemon[] };
  const real: SettingsPort = {
    timeouts: () => Promise.resolve(port.timeouts),
    setTimeouts: (wanted) => {
      port.timeouts = { ...port.timeouts, ...wanted };
      return Promise.resolve();
    },
    daemons: () => Promise.resolve(port.daemons),
    startDaemon: (daemon) => Promise.resolve(void port.daemons.push(daemon)),
    stopDaemon: () => Promise.resolve(void port.daemons.splice(0)),
  };
  const log = new MemoryLog();
  const settings = new KernelSettings(real, log);
  const apply = (globals: string, more = ''): Promise<void> =>
    settings.apply(configurationOf(site({ globals }) + more).globals);
  return { port, log, settings, apply };
}

t.test('timeouts that a reload no longer names are as they were before', async (t) => {
  const { port, apply } = scene();
  await apply('lvs_timeouts tcp 10 udp 20');
  t.same(port.timeouts, { tcp: 10, tcpFin: 120, udp: 20 });
  await apply('lvs_timeouts udp 30');
  t.same(port.timeouts, { tcp: 900, tcpFin: 120, udp: 30 });
  await apply('');
  t.same(port.timeouts, { tcp: 900, tcpFin: 120, udp: 300 });
});

t.test('sync daemons that follow a vrrp_instance are not ours', async (t) => {
  const { port, log, apply } = scene();
  const instance = 'vrrp_instance VI_1 {\nstate MASTER\ninterface lo\nvirtual_router_id 5\npriority 100\n}\n';
  await apply('lvs_sync_daemon lo VI_1', instance);
  t.same(port.daemons, []);
  await apply('lvs_sync_daemon lo');
  t.equal(port.daemons.length, 2);
  t.same(log.events, []);
});

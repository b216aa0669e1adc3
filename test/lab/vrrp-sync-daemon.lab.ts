// kernels: uml, qemu
/** lvs_sync_daemon with an instance, against the kernel's own daemons: its states follow, and nothing that was left keeps them from it. */
import t from 'tap';
import { openNetlink } from '../../src/addon/netlink.js';
import { configurationOf } from '../helpers/configuration.js';
import { MemoryLog } from '../helpers/memory-log.js';
import { VrrpSyncDaemon } from '../../src/daemon/vrrp-sync-daemon.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import { NETLINK_GENERIC } from '../../src/netlink/generic.js';
import { eventually } from './eventually.js';
import { mustRun } from './topology.js';

const INTERFACE = 'sync0';

const settingsOf = (more: string) =>
  configurationOf(`global_defs {\nlvs_sync_daemon ${INTERFACE} V1 ${more}\n}
vrrp_instance V1 {\ninterface ${INTERFACE}\nvirtual_router_id 51\nvirtual_ipaddress { 192.0.2.50\n}\n}`).globals
    .syncDaemon;

t.test('the sync daemon follows its instance', async (t) => {
  await mustRun(['ip', 'link', 'add', INTERFACE, 'type', 'dummy']);
  await mustRun(['ip', 'address', 'add', '192.0.2.1/24', 'dev', INTERFACE]);
  await mustRun(['ip', 'link', 'set', INTERFACE, 'up', 'multicast', 'on']);
  const client = new IpvsClient(openNetlink(NETLINK_GENERIC));
  const log = new MemoryLog();
  t.teardown(() => client.close());
  const begin = (): VrrpSyncDaemon =>
    new VrrpSyncDaemon({ open: () => new IpvsClient(openNetlink(NETLINK_GENERIC)), log });
  const states = async (): Promise<readonly string[]> => (await client.daemons()).map(({ state }) => state);
  const become = (wanted: readonly string[]): Promise<void> =>
    eventually(async () => {
      const have = await states();
      if (have.join() !== wanted.join()) throw new Error(`${have.join()} and not ${wanted.join()}`);
    });

  const first = begin();
  await first.follow(settingsOf('maxlen 1400 port 8849 ttl 3 group 224.0.0.82'));
  t.match(await client.daemons(), [
    { state: 'backup', interface: INTERFACE, syncId: 51, maxLength: 1400, port: 8849, ttl: 3, group: '224.0.0.82' },
  ]);
  for (const role of ['backup', 'master', 'fault', 'backup', 'master'] as const) {
    first.role('V1', role);
    await become([role === 'master' ? 'master' : 'backup']);
  }

  // a process that is killed leaves its daemon; the next one finds it
  const second = begin();
  await second.follow(settingsOf('maxlen 1400 port 8849 ttl 3 group 224.0.0.82'));
  t.same(await states(), ['master'], 'we may be master in a moment');
  second.role('V1', 'master');
  await become(['master']);
  second.role('V1', 'backup');
  await become(['backup']);

  // keepalived's trap: both are there
  await client.startDaemon({ state: 'master', interface: INTERFACE, syncId: 51 });
  t.equal((await states()).length, 2);
  second.role('V1', 'master');
  await become(['master']);

  await second.follow(settingsOf('id 7'));
  t.match(await client.daemons(), [{ state: 'master', syncId: 7 }], 'a reload with other settings');
  await second.close();
  t.same(await states(), []);
  t.same(log.events, []);
  await first.close();
});

import t from 'tap';
import type { Configuration } from '../../../src/config/configuration.js';
import { VrrpNews } from '../../../src/daemon/vrrp-news.js';
import { vrrpOrderOf, type VrrpOrder } from '../../../src/daemon/vrrp-order.js';
import { vrrpLine } from '../../../src/notify/vrrp-words.js';
import type { Reason, Role } from '../../../src/vrrp/machine-types.js';
import { configurationOf } from '../../helpers/configuration.js';

const instance = (n: number, more = ''): string => `vrrp_instance V${n} {
interface eth0
virtual_router_id ${n}
virtual_ipaddress { 192.0.2.${n}
}
${more}
}
`;
const GROUP = 'vrrp_sync_group G { group { V1 V2\n}\n}\n';

const orderOf = (text: string): VrrpOrder => {
  const order = vrrpOrderOf(configurationOf(text));
  if (order === undefined) throw new Error('nothing to hold');
  return order;
};

function scene(): {
  readonly news: VrrpNews;
  readonly lines: string[];
  readonly roles: string[];
  readonly synced: Configuration['globals']['syncDaemon'][];
  readonly take: (text: string) => Promise<VrrpOrder>;
  readonly change: (name: string, from: Role, to: Role, why?: Reason, old?: VrrpOrder) => void;
} {
  const [lines, roles, synced] = [[] as string[], [] as string[], [] as Configuration['globals']['syncDaemon'][]];
  let order: VrrpOrder | undefined;
  const news = new VrrpNews({
    commands: { follow: () => undefined },
    notify: {
      follow: () => Promise.resolve(),
      instance: ({ name }, state, priority) =>
        void lines.push(vrrpLine({ kind: 'INSTANCE', name, priority }, state).trim()),
      group: ({ name }, state) => void lines.push(vrrpLine({ kind: 'GROUP', name, priority: 0 }, state).trim()),
      heardLower: ({ name }, priority) => void lines.push(`lower ${name} ${priority}`),
      write: (subject, what) => void lines.push(`pipe ${vrrpLine(subject, what).trim()}`),
      stop: () => Promise.resolve(),
    },
    syncDaemon: {
      follow: (settings) => {
        synced.push(settings);
        return Promise.resolve();
      },
      role: (name, role) => void roles.push(`${name} ${role}`),
      close: () => Promise.resolve(),
    },
  });
  const current = (): VrrpOrder => {
    if (order === undefined) throw new Error('no order yet');
    return order;
  };
  return {
    news,
    lines,
    roles,
    synced,
    async take(text) {
      order = orderOf(text);
      await news.follow(order);
      return order;
    },
    change(name, from, to, why = 'start', old = current()) {
      const config = old.vrrp.instances.find((one) => one.name === name);
      if (config === undefined) throw new Error(`no ${name}`);
      news.told(config, { is: 'role', from, to, why }, why === 'group');
    },
  };
}

t.test('roles in the words of keepalived, with the priority of the moment', async (t) => {
  const { news, lines, roles, take, change } = scene();
  const { vrrp } = await take(instance(1, 'priority 150'));
  change('V1', 'initialize', 'backup');
  news.told(vrrp.instances[0]!, { is: 'priority', value: 90 }, false);
  change('V1', 'backup', 'master', 'master-down');
  news.told(vrrp.instances[0]!, { is: 'lower-master', master: { source: '192.0.2.9', priority: 1 } }, false);
  change('V1', 'master', 'fault', 'fault');
  change('V1', 'fault', 'initialize', 'stop');
  t.same(lines, [
    'INSTANCE "V1" BACKUP 150',
    'INSTANCE "V1" MASTER 90',
    'lower V1 90',
    'INSTANCE "V1" FAULT 90',
    'INSTANCE "V1" STOP 90',
  ]);
  t.same(roles, ['V1 backup', 'V1 master', 'V1 fault', 'V1 initialize']);
});

t.test('notify_priority_changes: on the pipes, once the instance has begun', async (t) => {
  const { news, lines, take, change } = scene();
  const { vrrp } = await take(`${instance(1, 'notify_priority_changes')}${instance(2)}`);
  const tell = (value: number): void => {
    for (const one of vrrp.instances) news.told(one, { is: 'priority', value }, false);
  };
  tell(99);
  change('V1', 'initialize', 'backup');
  change('V2', 'initialize', 'backup');
  lines.length = 0;
  tell(98);
  change('V1', 'backup', 'master', 'master-down');
  tell(97);
  t.same(lines, [
    'pipe INSTANCE "V1" BACKUP_PRIORITY 98',
    'INSTANCE "V1" MASTER 98',
    'pipe INSTANCE "V1" MASTER_PRIORITY 97',
  ]);
});

t.test('a group is told when all its members are there, after them', async (t) => {
  const { lines, take, change } = scene();
  await take(instance(1) + instance(2) + GROUP);
  change('V1', 'initialize', 'backup');
  change('V2', 'initialize', 'backup');
  change('V1', 'backup', 'master', 'group');
  change('V2', 'backup', 'master', 'group');
  change('V2', 'master', 'fault', 'fault');
  change('V1', 'master', 'fault', 'group');
  change('V1', 'fault', 'backup', 'repaired');
  change('V2', 'fault', 'backup', 'repaired');
  change('V1', 'backup', 'initialize', 'stop');
  change('V2', 'backup', 'initialize', 'stop');
  const states = ['BACKUP', 'MASTER', 'FAULT', 'BACKUP', 'STOP'];
  t.same(
    lines.filter((line) => line.startsWith('GROUP')),
    states.map((state) => `GROUP "G" ${state} 0`),
  );
  for (const [i, line] of lines.entries()) if (line.startsWith('GROUP')) t.equal(i % 3, 2, 'behind its two members');
  t.equal(lines.length, 15);
});

t.test('who comes alone to where the group is said to be has no news, but for the first time', async (t) => {
  const { lines, take, change } = scene();
  await take(instance(1) + instance(2) + GROUP);
  for (const name of ['V1', 'V2']) change(name, 'initialize', 'backup');
  for (const name of ['V1', 'V2']) change(name, 'backup', 'master', 'group');
  lines.length = 0;
  // one is thrown back and returns while the group is still said to be master
  change('V1', 'master', 'backup', 'addresses-lost');
  change('V1', 'backup', 'master', 'group');
  t.same(lines, ['INSTANCE "V1" BACKUP 100']);
});

t.test(
  'removed by a reload: FAULT, or DELETED where notify_deleted wants it; what comes anew begins anew',
  async (t) => {
    const { lines, take, change } = scene();
    const before = await take(
      instance(1, 'priority 150') + instance(2, 'notify_deleted') + instance(3, 'notify_deleted /d'),
    );
    for (const name of ['V1', 'V2', 'V3']) change(name, 'initialize', 'backup');
    lines.length = 0;
    await take(instance(4) + instance(1, 'priority 120'));
    for (const name of ['V1', 'V2', 'V3']) change(name, 'backup', 'initialize', 'stop', before);
    change('V1', 'initialize', 'backup');
    t.same(lines, [
      'INSTANCE "V1" FAULT 150',
      'INSTANCE "V2" DELETED 100',
      'INSTANCE "V3" DELETED 100',
      'INSTANCE "V1" BACKUP 120',
    ]);
  },
);

t.test('fifo_write_vrrp_states_on_reload: the states of those that were there, on the pipes', async (t) => {
  const { lines, take, change } = scene();
  const text = `global_defs {\nfifo_write_vrrp_states_on_reload\n}\n${instance(1)}${instance(2)}`;
  await take(text + GROUP);
  t.same(lines, [], 'not at the start');
  for (const name of ['V1', 'V2']) change(name, 'initialize', 'backup');
  lines.length = 0;
  await take(text + instance(3) + GROUP);
  t.same(lines, ['pipe INSTANCE "V1" BACKUP 100', 'pipe INSTANCE "V2" BACKUP 100', 'pipe GROUP "G" BACKUP 0']);
  lines.length = 0;
  await take(instance(1) + instance(2));
  t.same(lines, []);
});

t.test('the sync daemon is told of the configuration and of every role', async (t) => {
  const { synced, take } = scene();
  await take(`global_defs {\nlvs_sync_daemon eth1 V1\n}\n${instance(1)}`);
  t.match(synced, [{ interface: 'eth1', instance: 'V1', syncId: 1 }]);
});

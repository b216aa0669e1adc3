import t from 'tap';
import { decodeMessage } from '../../../src/connsync/message.js';
import { Board, type BoardNews } from '../../../src/daemon/board.js';
import { EngineSyncDaemon, placeOf } from '../../../src/daemon/engine-sync-daemon.js';
import { engineSyncStatusOf } from '../../../src/daemon/status.js';
import { encodeSessions, type SessionRecord } from '../../../src/dataplane/session-record.js';
import { defaultEngineSettings } from '../../../src/model/engine.js';
import { defaultDestinationSettings, destinationName } from '../../../src/model/destination.js';
import { defaultServiceSettings, serviceName } from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';
import type { Role } from '../../../src/vrrp/machine-types.js';
import { configurationOf } from '../../helpers/configuration.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const web = { by: 'address', protocol: 'tcp', address: '192.0.2.1', port: 80 } as const;
const server = { address: '10.0.0.1', port: 80 };
const table: Table = new Map([
  [
    serviceName(web),
    {
      key: web,
      settings: {
        ...defaultServiceSettings('ip4'),
        persistent: true,
        persistenceSeconds: 300,
        engine: defaultEngineSettings,
      },
      destinations: new Map([
        [
          destinationName(server),
          { key: server, settings: { ...defaultDestinationSettings, method: 'masquerade' as const } },
        ],
        [
          destinationName({ address: '10.0.0.2', port: 0 }),
          { key: { address: '10.0.0.2', port: 0 }, settings: defaultDestinationSettings },
        ],
      ]),
    },
  ],
]);
const order = { services: [serviceName(web)], destinations: [] };

const session: SessionRecord = {
  client: { address: '198.51.100.7', port: 40_000 },
  vip: { address: '192.0.2.1', port: 80 },
  destination: server,
  snat: undefined,
  protocol: 6,
  state: 'established',
  affinity: false,
  gone: false,
  remainingMs: 900_000,
  service: 0,
  hash: 0n,
};

const files = {
  none: configurationOf(''),
  both: configurationOf('global_defs {\nlvs_sync_daemon eth1 id 9\n}'),
  ...Object.fromEntries(
    (['V1', 'V2'] as const).map((name) => [
      name,
      configurationOf(
        `global_defs {\nlvs_sync_daemon eth1 ${name}\n}\n` +
          ['V1', 'V2']
            .map(
              (one, i) =>
                `vrrp_instance ${one} {\ninterface eth0\nvirtual_router_id ${51 + i}\nvirtual_ipaddress { 192.0.2.${50 + i}\n}\n}\n`,
            )
            .join(''),
      ),
    ]),
  ),
} as Record<'none' | 'both' | 'V1' | 'V2', ReturnType<typeof configurationOf>>;

function scene(has = true) {
  const clock = new FakeClock();
  const board = new Board<Role>(clock, 1000);
  const sent: Uint8Array[] = [];
  const opened: string[] = [];
  let asked = 0;
  const daemon = new EngineSyncDaemon({
    clock,
    log: new MemoryLog(),
    connect: () =>
      Promise.resolve({
        follow: () => Promise.resolve(),
        sessions: (cursor: bigint) =>
          Promise.resolve({ next: cursor === 0n ? 1n : 0n, records: encodeSessions(cursor === 0n ? [session] : []) }),
        loadSessions: () => Promise.resolve({ taken: 0, refused: 0 }),
        close: () => undefined,
      }),
    openGroup: ({ group, interface: name, port, ttl }) => {
      opened.push(`${name} ${group} ${port} ${ttl}`);
      return { send: (bytes) => void sent.push(bytes), isLost: () => false, close: () => undefined };
    },
    forwarded: () => ({ table, order }),
    roles: has
      ? (known): Promise<BoardNews<Role>> => {
          asked++;
          return board.since(known);
        }
      : undefined,
  });
  const roles = (): string | undefined => {
    const status = daemon.status();
    return (
      status &&
      `${status.settings.syncId}${status.roles.master ? ' master' : ''}${status.roles.backup ? ' backup' : ''}`
    );
  };
  return { clock, board, daemon, sent, opened, roles, asked: () => asked };
}

t.test('a file that names none has none', async (t) => {
  const { daemon, opened, clock } = scene();
  await daemon.follow(files.none);
  await clock.run(1000);
  t.equal(daemon.status(), undefined);
  t.equal(engineSyncStatusOf(daemon.status()), null);
  t.strictSame(opened, []);
  await daemon.close();
  t.equal(clock.pending, 0);
});

t.test('without an instance both roles run', async (t) => {
  const { daemon, clock, roles, sent, opened, asked } = scene(false);
  await daemon.follow(files.both);
  await clock.run(1000);
  t.equal(roles(), '9 master backup');
  t.strictSame(opened, ['eth1 224.0.0.81 8848 1']);
  t.equal(asked(), 0);
  const [message] = sent;
  t.match(decodeMessage(message ?? new Uint8Array()), {
    syncId: 9,
    connections: [{ flags: 0, state: 1, timeoutSeconds: 900 }],
  });
  t.match(engineSyncStatusOf(daemon.status()), {
    ...{ master: true, backup: true, running: true, trouble: '', interface: 'eth1', syncId: 9 },
    sent: { messages: 1, connections: 1, untold: {}, failed: {} },
    received: { messages: 0, taken: 0, refused: {} },
  });
  await daemon.follow(files.both);
  t.equal(opened.length, 1, 'a reload without a change changes nothing');
  await daemon.follow(files.none);
  t.equal(daemon.status(), undefined);
  await daemon.close();
  t.equal(clock.pending, 0);
});

t.test('with an instance it has its role, at once', async (t) => {
  const { daemon, clock, board, roles, sent } = scene();
  await daemon.follow(files.V1);
  await clock.run(500);
  t.equal(roles(), '51 backup', 'until it is known');
  for (const [role, expected] of [
    ['master', '51 master'],
    ['fault', '51 backup'],
    ['backup', '51 backup'],
    ['master', '51 master'],
  ] as const) {
    board.set('V2', role === 'master' ? 'backup' : 'master');
    board.set('V1', role);
    await clock.run(100);
    t.equal(roles(), expected, role);
  }
  t.equal(sent.length, 2, 'the table, each time it became master');

  // the other one's role is known although nothing has changed since
  await daemon.follow(files.V2);
  t.equal(roles(), '52 backup');
  board.set('V2', 'master');
  await clock.run(100);
  t.equal(roles(), '52 master');
  await daemon.follow(files.V1);
  await clock.run(100);
  t.equal(roles(), '51 master');
  board.set('V1', undefined);
  await clock.run(100);
  t.equal(roles(), '51 backup', 'it has ended');
  await daemon.close();
  board.close();
  await clock.run(100);
  t.equal(clock.pending, 0);
});

t.test('how a session is sent on', (t) => {
  t.strictSame(placeOf(session, table, order), { method: 'masquerade', persistenceSeconds: 300 });
  const to = (destination: SessionRecord['destination'], service: number | undefined = 0) =>
    placeOf({ ...session, destination, service }, table, order);
  t.strictSame(to({ address: '10.0.0.2', port: 80 }), { method: 'direct-route', persistenceSeconds: 300 }, 'any port');
  t.equal(to({ address: '10.0.0.9', port: 80 }), undefined);
  t.equal(to(undefined), undefined);
  t.equal(placeOf({ ...session, service: undefined }, table, order), undefined);
  t.equal(to(server, 1), undefined, 'a service of an image that is not here yet');
  t.end();
});

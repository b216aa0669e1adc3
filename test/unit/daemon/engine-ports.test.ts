import t from 'tap';
import { automaticWorkers, openPorts, portsKey } from '../../../src/daemon/engine-ports.js';
import type { EnginePort, PortOrder } from '../../../src/dataplane/protocol.js';
import type { Link } from '../../../src/links/rows.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const link = (name: string): Link | undefined =>
  name === 'gone'
    ? undefined
    : {
        index: name.length,
        name,
        kind: name.startsWith('veth') ? 'veth' : '',
        up: true,
        running: true,
        loopback: false,
        resolvesNeighbours: true,
        mtu: 1500,
        macAddress: '02:00:00:00:00:01',
      };

/** An engine that opens what `can` says. */
function engine(can: (order: PortOrder) => boolean) {
  const asked: (readonly PortOrder[])[] = [];
  const openPorts = (orders: readonly PortOrder[]): Promise<readonly EnginePort[]> => {
    asked.push(orders);
    return Promise.resolve(
      orders.map((order) => {
        const { index, name, mode } = order;
        return can(order)
          ? { index, name, mode, queues: 2 }
          : { index, name, mode: '', queues: 0, reason: `no ${mode}` };
      }),
    );
  };
  return { client: { openPorts }, asked };
}

t.test('xdp: each port by the best that it gives, the others stay as they are', async (t) => {
  const log = new MemoryLog();
  const best = new Map([
    ['eth0', 'xdp-native'],
    ['veth0', 'xdp-generic'],
    ['eth2', 'xdp-zero-copy'],
  ]);
  const { client, asked } = engine(({ name, mode }) => best.get(name) === mode);
  const ports = await openPorts(client, ['eth0', '', 'veth0', 'gone', 'eth2'], {
    mode: 'xdp',
    link,
    log,
    driver: () => undefined,
  });
  t.same(
    ports.map(({ index, name, mode }) => [index, name, mode]),
    [
      [0, 'eth0', 'xdp-native'],
      [2, 'veth0', 'xdp-generic'],
      [4, 'eth2', 'xdp-zero-copy'],
    ],
  );
  t.equal(asked.length, 3);
  t.same(
    asked[2]!.map(({ mode }) => mode),
    ['xdp-native', 'xdp-generic', 'xdp-zero-copy'],
    'always the whole list',
  );
  t.same(
    log.named('engine.port').map(({ port }) => port),
    ['eth0', 'veth0', 'eth2'],
  );
});

t.test('a port that gives nothing is refused with the engine’s sentence', async (t) => {
  const log = new MemoryLog();
  const { client } = engine(({ name }) => name === 'eth0');
  await openPorts(client, ['eth0', 'eth1'], { mode: 'packet', link, log });
  t.match(log.named('engine.port-refused'), [{ port: 'eth1', reason: 'no packet' }]);
  t.equal(log.named('engine.port').length, 1);
});

t.test('checksums are completed for devices that leave them to be done', async (t) => {
  const { client, asked } = engine(() => true);
  const driver = (name: string): string => (name === 'eth1' ? 'virtio_net' : 'ixgbe');
  await openPorts(client, ['eth0', 'eth1', 'veth0'], { mode: 'auto', link, log: new MemoryLog(), driver });
  t.same(
    asked[0]!.map(({ completeChecksums }) => completeChecksums),
    [false, true, true],
  );
});

t.test('a device that came back is another one', (t) => {
  const before = portsKey(['eth0', ''], link, 'auto');
  t.equal(portsKey(['eth0', ''], link, 'auto'), before);
  t.not(
    portsKey(['eth0', ''], (name) => ({ ...link(name)!, index: 99 }), 'auto'),
    before,
  );
  t.not(portsKey(['eth0', ''], link, 'packet'), before);
  t.end();
});

t.test('workers: one for each queue, not more than processors', (t) => {
  const queues = (name: string): number => (name === 'eth0' ? 8 : 2);
  t.equal(automaticWorkers(['eth0', '', 'eth1'], queues, 4), 4);
  t.equal(automaticWorkers(['', 'eth1'], queues, 4), 2);
  t.equal(automaticWorkers([], queues, 4), 1);
  t.end();
});

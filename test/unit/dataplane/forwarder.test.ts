import t from 'tap';
import type { EngineCounters } from '../../../src/dataplane/counters.js';
import { EngineForwarder, type EngineForwarderOptions } from '../../../src/dataplane/forwarder.js';
import { defaultEngineGlobals } from '../../../src/dataplane/network.js';
import { ALL } from '../../../src/dataplane/protocol.js';
import { readServicesImage, servicesImage } from '../../../src/dataplane/services-image.js';
import { LvsError } from '../../../src/errors.js';
import type { Change } from '../../../src/model/change.js';
import { defaultDestinationSettings } from '../../../src/model/destination.js';
import { defaultEngineSettings } from '../../../src/model/engine.js';
import { defaultServiceSettings, type ServiceKey, serviceName } from '../../../src/model/service.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const web = { by: 'address', protocol: 'tcp', address: '10.0.0.1', port: 80 } as const satisfies ServiceKey;
const dns = { by: 'address', protocol: 'udp', address: '10.0.0.1', port: 53 } as const satisfies ServiceKey;
const settings = { ...defaultServiceSettings('ip4'), scheduler: 'maglev', engine: defaultEngineSettings };
const nat = { ...defaultDestinationSettings, method: 'masquerade' } as const;
const server = (n: number) => ({ address: `10.1.0.${n}`, port: 80 });

const addService = (service: ServiceKey, own = settings): Change => ({ do: 'add-service', service, settings: own });
const addServer = (service: ServiceKey, n: number): Change => ({
  do: 'add-destination',
  service,
  destination: server(n),
  settings: nat,
});

/** An engine of which only the image is looked at. */
function engine(over: Partial<EngineForwarderOptions> = {}) {
  const world = {
    log: new MemoryLog(),
    clock: new FakeClock(),
    images: [] as Uint8Array[],
    counters: undefined as EngineCounters | undefined,
    flushed: [] as number[][],
    fails: undefined as Error | undefined,
    ports: ['eth0'] as readonly string[],
  };
  const forwarder = new EngineForwarder({
    images: { make: servicesImage, read: (image) => readServicesImage(image, world.ports) },
    globals: () => defaultEngineGlobals,
    ports: () => Promise.resolve(world.ports),
    published: () => Promise.resolve(world.images.at(-1)),
    publish: (image) => {
      if (world.fails !== undefined) return Promise.reject(world.fails);
      world.images.push(image);
      return Promise.resolve();
    },
    counters: () => Promise.resolve(world.counters),
    flush: (service, destination) => {
      world.flushed.push([service, destination]);
      return Promise.resolve(3);
    },
    clock: world.clock,
    log: world.log,
    ...over,
  });
  return { forwarder, world };
}

t.test('a batch is one image, which reads back as the table', async (t) => {
  const { forwarder, world } = engine();
  const outcomes = await forwarder.apply([addService(web), addServer(web, 1), addServer(web, 2), addService(dns)]);
  t.same(outcomes, [undefined, undefined, undefined, undefined]);
  t.equal(world.images.length, 1);
  const table = await forwarder.read();
  t.same([...table.keys()], [serviceName(web), serviceName(dns)]);
  t.same([...table.get(serviceName(web))!.destinations.keys()], ['10.1.0.1:80', '10.1.0.2:80']);
  t.same([...readServicesImage(world.images[0]!).keys()], [...table.keys()]);

  await forwarder.apply([
    { do: 'edit-destination', service: web, destination: server(1), settings: { ...nat, weight: 0 } },
    { do: 'delete-destination', service: web, destination: server(2) },
    { do: 'delete-service', service: dns },
  ]);
  t.equal(world.images.length, 2);
  const after = readServicesImage(world.images[1]!);
  t.same([...after.keys()], [serviceName(web)]);
  t.equal(after.get(serviceName(web))!.destinations.get('10.1.0.1:80')!.settings.weight, 0);
});

t.test(
  'what is not there, or is there already, is refused as the kernel would, and nothing is published for it',
  async (t) => {
    const { forwarder, world } = engine();
    const codes = (outcomes: readonly (Error | undefined)[]) =>
      outcomes.map((one) => (one as LvsError | undefined)?.code);
    t.same(codes(await forwarder.apply([{ do: 'delete-service', service: web }, addServer(web, 1)])), [
      'IPVS_NO_SUCH_SERVICE',
      'IPVS_NO_SUCH_SERVICE',
    ]);
    t.equal(world.images.length, 0);
    t.same(codes(await forwarder.apply([addService(web), addService(web), addServer(web, 1), addServer(web, 1)])), [
      undefined,
      'IPVS_EXISTS',
      undefined,
      'IPVS_EXISTS',
    ]);
    t.same(codes(await forwarder.apply([{ do: 'delete-destination', service: web, destination: server(9) }])), [
      'IPVS_NO_SUCH_DESTINATION',
    ]);
    t.equal(world.images.length, 1);
  },
);

t.test('what the engine cannot do is refused with a sentence, and the rest is forwarded', async (t) => {
  const { forwarder, world } = engine();
  const mark = { by: 'fwmark', family: 'ip4', mark: 7 } as const;
  const outcomes = await forwarder.apply([addService(web), addService(mark), addServer(mark, 1), addServer(web, 1)]);
  t.same(
    outcomes.map((one) => (one as LvsError | undefined)?.code),
    [undefined, 'ENGINE_CANNOT', 'ENGINE_CANNOT', undefined],
  );
  t.match(outcomes[1]!.message, /^fwmark 7 cannot be forwarded by the engine: ./);
  t.same([...readServicesImage(world.images[0]!).keys()], [serviceName(web)]);
  t.same(
    [...(await forwarder.read()).keys()],
    [serviceName(web)],
    'a refused service is not there: the director sees that',
  );
});

t.test('an edit that is refused leaves all of the service as it was', async (t) => {
  const { forwarder, world } = engine();
  await forwarder.apply([addService(web), addServer(web, 1)]);
  const outcomes = await forwarder.apply([
    { do: 'edit-service', service: web, settings: { ...settings, scheduler: 'no-such' } },
    addServer(web, 2),
    addService(dns),
  ]);
  t.same(
    outcomes.map((one) => (one as LvsError | undefined)?.code),
    ['ENGINE_CANNOT', 'ENGINE_CANNOT', undefined],
  );
  const table = readServicesImage(world.images.at(-1)!);
  t.same([...table.keys()].sort(), [serviceName(web), serviceName(dns)]);
  t.equal(table.get(serviceName(web))!.settings.scheduler, 'maglev');
  t.same([...table.get(serviceName(web))!.destinations.keys()], ['10.1.0.1:80']);
});

t.test('an engine that cannot be had fails the batch, and the table stays', async (t) => {
  const { forwarder, world } = engine();
  await forwarder.apply([addService(web)]);
  world.fails = new LvsError('ENGINE_LOST', ['publish the services']);
  const outcomes = await forwarder.apply([addService(dns), addService(web)]);
  t.same(
    outcomes.map((one) => (one as LvsError).code),
    ['ENGINE_LOST', 'IPVS_EXISTS'],
  );
  t.same([...forwarder.table.keys()], [serviceName(web)]);
});

t.test('the table of an engine that ran before us is ours', async (t) => {
  const first = engine();
  await first.forwarder.apply([addService(web), addServer(web, 1), addServer(web, 2)]);
  const { forwarder, world } = engine();
  world.images.push(first.world.images[0]!);
  const table = await forwarder.read();
  t.same([...table.get(serviceName(web))!.destinations.keys()], ['10.1.0.1:80', '10.1.0.2:80']);
  t.equal(await forwarder.flush(serviceName(web), '10.1.0.2:80'), 3);
  t.same(world.flushed, [[0, 1]]);
  await forwarder.apply([{ do: 'delete-destination', service: web, destination: server(1) }]);
  t.same([...readServicesImage(world.images.at(-1)!).get(serviceName(web))!.destinations.keys()], ['10.1.0.2:80']);
});

t.test('bytes that are no image are nothing, and are said', async (t) => {
  const { forwarder, world } = engine();
  world.images.push(Uint8Array.of(1, 2, 3));
  t.equal((await forwarder.read()).size, 0);
  t.equal(world.log.named('engine.image-unreadable').length, 1);
});

t.test('republishing says the same table with the ports and settings of now', async (t) => {
  const { forwarder, world } = engine();
  await forwarder.republish();
  t.equal(world.images.length, 0, 'nothing to publish');
  await forwarder.apply([addService(web, { ...settings, engine: { ...defaultEngineSettings, interfaces: ['eth0'] } })]);
  world.ports = ['other', 'eth0'];
  await forwarder.republish();
  t.equal(world.images.length, 2);
  t.notSame(world.images[0], world.images[1], 'another bit');
  world.ports = ['other'];
  await forwarder.republish();
  t.equal(world.log.named('engine.cannot').length, 1, 'its interface is no port any more');
  t.equal(forwarder.table.size, 0);
});

t.test('flush by name', async (t) => {
  const { forwarder, world } = engine();
  await forwarder.apply([addService(web), addServer(web, 1), addService(dns), addServer(dns, 4)]);
  await forwarder.flush();
  await forwarder.flush(serviceName(dns));
  await forwarder.flush(serviceName(dns), '10.1.0.4:80').catch(() => undefined);
  t.same(world.flushed.slice(0, 2), [
    [ALL, ALL],
    [1, ALL],
  ]);
  await t.rejects(forwarder.flush('tcp 9.9.9.9:9'), { code: 'ENGINE_CANNOT' });
  await t.rejects(forwarder.flush(serviceName(web), '9.9.9.9:9'), { code: 'ENGINE_CANNOT' });
});

t.test('statistics by name, with rates between two looks', async (t) => {
  const { forwarder, world } = engine();
  t.equal((await forwarder.statistics()).size, 0, 'no engine');
  await forwarder.apply([addService(web), addServer(web, 1)]);
  const counters = (packets: bigint): EngineCounters => ({
    dropped: new Map(),
    events: new Map(),
    liveSessions: 0n,
    sessionCapacity: 0n,
    sessionBytes: 0n,
    services: [
      {
        existing: packets,
        first: 2n,
        untracked: 1n,
        noServer: 9n,
        bytesIn: 100n * packets,
        packetsOut: 0n,
        bytesOut: 0n,
        connections: packets / 2n,
      },
    ],
    destinations: [
      { packetsIn: packets, bytesIn: 0n, packetsOut: 0n, bytesOut: 0n, connections: 0n, active: 4n, inactive: 5n },
    ],
  });
  world.counters = counters(10n);
  const first = (await forwarder.statistics()).get(serviceName(web))!;
  t.equal(first.statistics.inPackets, 13n, 'those without a server are not forwarded');
  t.equal(first.statistics.inPacketRate, 0n);
  t.same(first.destinations.get('10.1.0.1:80')!.activeConnections, 4);
  world.clock.advance(2000);
  world.counters = counters(110n);
  const second = (await forwarder.statistics()).get(serviceName(web))!;
  t.equal(second.statistics.inPacketRate, 50n);
  t.equal(second.statistics.connectionRate, 25n);
  t.equal(second.destinations.get('10.1.0.1:80')!.statistics.inPacketRate, 50n);
  world.clock.advance(10);
  world.counters = counters(5000n);
  const third = (await forwarder.statistics()).get(serviceName(web))!;
  t.equal(third.statistics.inPackets, 5003n);
  t.equal(third.statistics.inPacketRate, 50n, 'a moment is too short for a rate');
  world.clock.advance(2000);
  world.counters = counters(1n);
  t.equal(
    (await forwarder.statistics()).get(serviceName(web))!.statistics.inPacketRate,
    0n,
    'a counter that began anew',
  );
});

t.test('a service that changed is another object, one that did not the same', async (t) => {
  const { forwarder } = engine();
  await forwarder.apply([addService(web), addServer(web, 1), addService(dns)]);
  const before = new Map(forwarder.table);
  await forwarder.apply([addServer(web, 2)]);
  t.not(forwarder.table.get(serviceName(web)), before.get(serviceName(web)));
  t.equal(forwarder.table.get(serviceName(dns)), before.get(serviceName(dns)));
  t.equal(before.get(serviceName(web))!.destinations.size, 1);
});

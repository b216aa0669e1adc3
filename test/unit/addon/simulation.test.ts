/** The engine in this process: what TypeScript publishes is what forwards; refusals, counters, sessions, explain. */
import t, { type Test } from 'tap';
import { openSimulation } from '../../../src/addon/simulation.js';
import { decodeCounters } from '../../../src/dataplane/counters.js';
import type { Sent, SimulatedEngine } from '../../../src/dataplane/engine.js';
import { defaultEngineGlobals, type Network } from '../../../src/dataplane/network.js';
import { networkImage } from '../../../src/dataplane/network-image.js';
import { servicesImage } from '../../../src/dataplane/services-image.js';
import {
  type DestinationSettings,
  defaultDestinationSettings,
  destinationName,
} from '../../../src/model/destination.js';
import { defaultEngineSettings } from '../../../src/model/engine.js';
import { defaultServiceSettings, type ServiceKey, serviceName } from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';

const network: Network = {
  ports: [
    { name: 'pg0', ifindex: 0, mac: '02:fe:00:00:00:01', mtu: 1500, up: true },
    { name: 'pg1', ifindex: 0, mac: '02:fe:00:00:00:02', mtu: 1500, up: true },
  ],
  addresses: [
    { address: '172.16.1.1', prefixLength: 24, interface: 'pg0' },
    { address: '172.16.2.1', prefixLength: 24, interface: 'pg1' },
  ],
  routes: [
    { prefix: '172.16.2.0', prefixLength: 24, nextHops: [{ port: 'pg1', weight: 1, vlans: [] }] },
    { prefix: '10.0.0.0', prefixLength: 24, nextHops: [{ port: 'pg1', gateway: '172.16.2.2', weight: 1, vlans: [] }] },
    {
      prefix: '198.51.100.0',
      prefixLength: 24,
      nextHops: [{ port: 'pg0', gateway: '172.16.1.2', weight: 1, vlans: [] }],
    },
  ],
  neighbours: [
    { address: '172.16.1.2', port: 'pg0', mac: '02:01:00:00:ff:02', vlans: [] },
    { address: '172.16.2.2', port: 'pg1', mac: '02:02:00:00:ff:02', vlans: [] },
  ],
};

const key: ServiceKey = { by: 'address', protocol: 'udp', address: '192.0.2.1', port: 80 };

function table(settings: Partial<DestinationSettings>, ...servers: readonly string[]): Table {
  const destinations = servers.map((address) => {
    const at = { address, port: settings.method === 'masquerade' ? 8080 : 80 };
    return [destinationName(at), { key: at, settings: { ...defaultDestinationSettings, ...settings } }] as const;
  });
  const service = {
    key,
    settings: { ...defaultServiceSettings('ip4'), scheduler: 'maglev', engine: defaultEngineSettings },
    destinations: new Map(destinations),
  };
  return new Map([[serviceName(key), service]]);
}

function open(t: Test, services: Table, sessions = 1000): SimulatedEngine {
  const engine = openSimulation({ sessions, secret: 7n });
  t.teardown(() => engine.close());
  engine.publishNetwork(networkImage(network));
  engine.publishServices(servicesImage(services, defaultEngineGlobals, ['pg0', 'pg1']).image);
  return engine;
}

const bytesOf = (address: string): readonly number[] => address.split('.').map(Number);
const words = (...numbers: readonly number[]): readonly number[] =>
  numbers.flatMap((number) => [number >> 8, number & 0xff]);

/** The slow way, apart from the engine's. */
function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/** A UDP datagram without payload; its own checksum is none (0). */
function datagram(from: string, fromPort: number, to: string, toPort: number, mac = '02fe00000001'): Uint8Array {
  const header = [0x45, 0, ...words(28, 1, 0), 64, 17, 0, 0, ...bytesOf(from), ...bytesOf(to)];
  const sum = words(checksum(header));
  header.splice(10, 2, ...sum);
  const link = [...Buffer.from(mac, 'hex'), 2, 1, 0, 0, 0xff, 2, 8, 0];
  return Uint8Array.from([...link, ...header, ...words(fromPort, toPort, 8, 0), ...new Array<number>(18).fill(0)]);
}
const request = (port: number): Uint8Array => datagram('198.51.100.7', port, '192.0.2.1', 80);
const addressAt = (frame: Uint8Array, at: number): string => frame.subarray(at, at + 4).join('.');
const outerTarget = ({ frame }: Sent): string => addressAt(frame, 30);
const gre: Partial<DestinationSettings> = {
  method: 'tunnel',
  tunnel: { type: 'gre', port: 0, checksum: false, remoteChecksum: false },
};

t.test('what comes from the images is what forwards: a tunnel to the server that the table names', (t) => {
  const engine = open(t, table(gre, '10.0.0.1', '10.0.0.2', '10.0.0.3'));
  const sent = engine.receive(0, [request(1000), request(1000)], 5);
  t.equal(sent.length, 2);
  t.match(sent[0], { verdict: 'forward', port: 1 });
  t.match(outerTarget(sent[0] as Sent), /^10\.0\.0\.[123]$/);
  t.same(sent[0]?.frame, sent[1]?.frame, 'one flow, one server');
  t.same(sent[0]?.frame.subarray(38), request(1000).subarray(14, 42), 'the packet in it is the same byte by byte');
  t.end();
});

t.test('more than 64 frames go in several batches; all flows keep their server', (t) => {
  const engine = open(t, table(gre, '10.0.0.1', '10.0.0.2', '10.0.0.3'));
  const frames = Array.from({ length: 200 }, (_, flow) => request(1000 + flow));
  const first = engine.receive(0, frames, 1).map(outerTarget);
  t.equal(first.length, 200);
  t.equal(new Set(first).size, 3);
  t.same(engine.receive(0, frames, 2).map(outerTarget), first);
  t.end();
});

t.test('NAT, there and back', (t) => {
  const engine = open(t, table({ method: 'masquerade' }, '10.0.0.1'));
  const [there] = engine.receive(0, [request(1000)], 1);
  t.equal(addressAt(there?.frame as Uint8Array, 30), '10.0.0.1');
  const [back] = engine.receive(1, [datagram('10.0.0.1', 8080, '198.51.100.7', 1000, '02fe00000002')], 2);
  t.match(back, { verdict: 'forward', port: 0 });
  t.equal(addressAt(back?.frame as Uint8Array, 26), '192.0.2.1');
  t.end();
});

t.test('what is not ours is passed as it came', (t) => {
  const engine = open(t, table(gre, '10.0.0.1'));
  const frame = datagram('198.51.100.7', 1, '192.0.2.1', 81);
  t.same(engine.receive(0, [frame], 1), [{ verdict: 'pass', port: 0, frame }]);
  t.same(engine.receive(0, [], 1), []);
  t.equal(engine.receive(0, [new Uint8Array(3)], 1).length, 1, 'a frame of three bytes is nobody of ours');
  t.end();
});

t.test('counters, sessions and flush', (t) => {
  const engine = open(t, table(gre, '10.0.0.1', '10.0.0.2'));
  engine.receive(0, [1, 2, 3, 4, 5, 5].map(request), 1000);
  const words = engine.counters();
  const counted = decodeCounters(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  t.match(counted.services[0], { first: 5n, existing: 1n, noServer: 0n, connections: 5n });
  t.equal(
    counted.destinations.reduce((sum, one) => sum + one.packetsIn, 0n),
    6n,
  );
  t.equal(engine.sessions(1000).length, 5 * 104);
  const ofFirst = engine.flush(0, 0);
  t.equal(engine.sessions(1000).length, (5 - ofFirst) * 104);
  t.equal(engine.flush(-1, -1), 5 - ofFirst);
  t.end();
});

t.test('time: sessions end after their time-out, not before', (t) => {
  const engine = open(t, table(gre, '10.0.0.1'));
  engine.tick(0);
  engine.receive(0, [request(1)], 0);
  t.same(engine.tick(299_000), []);
  t.equal(engine.sessions(299_000).length, 104);
  engine.tick(310_000);
  t.equal(engine.sessions(310_000).length, 0);
  t.end();
});

t.test('a neighbour that is not known is asked for, and its packets leave when it is', (t) => {
  const engine = open(t, table(gre, '172.16.2.77'));
  t.same(engine.receive(0, [request(1)], 0), []);
  const wanted = engine.wanted();
  t.equal(wanted.length, 24);
  t.equal(addressAt(wanted, 12), '172.16.2.77');
  t.equal(engine.wanted().length, 0);
  const known = { address: '172.16.2.77', port: 'pg1', mac: '02:02:00:00:ff:77', vlans: [] };
  engine.publishNetwork(networkImage({ ...network, neighbours: [...network.neighbours, known] }));
  const [sent] = engine.tick(100);
  t.match(sent, { verdict: 'forward', port: 1 });
  t.equal(Buffer.from(sent?.frame.subarray(0, 6) ?? []).toString('hex'), '02020000ff77');
  t.end();
});

t.test('explain tells the frame that will go out, and leaves no trace', (t) => {
  const engine = open(t, table(gre, '10.0.0.1', '10.0.0.2'));
  const told = JSON.parse(engine.explain(0, request(9), 1)) as {
    readonly steps: readonly { readonly step: string; readonly text: string }[];
    readonly verdict: string;
    readonly port: number;
    readonly frame: string;
  };
  t.match(told, { verdict: 'forward', port: 1 });
  t.same(
    told.steps.map(({ step }) => step),
    ['parse', 'service', 'session', 'schedule', 'destination', 'path', 'rewrite', 'link', 'verdict'],
  );
  t.ok(told.steps.every(({ text }) => text.endsWith('.')));
  t.equal(engine.sessions(1).length, 0);
  const [sent] = engine.receive(0, [request(9)], 1);
  t.equal(Buffer.from(sent?.frame ?? []).toString('hex'), told.frame);
  t.end();
});

t.test('the same secret and the same frames: the same, every time', (t) => {
  const frames = Array.from({ length: 64 }, (_, flow) => request(2000 + flow));
  const services = table(gre, '10.0.0.1', '10.0.0.2', '10.0.0.3');
  t.same(open(t, services).receive(0, frames, 1), open(t, services).receive(0, frames, 1));
  t.end();
});

t.test('an image that is wrong is refused with array, index and why; what was published stays', (t) => {
  const engine = open(t, table(gre, '10.0.0.1'));
  const image = networkImage(network);
  const broken = image.slice();
  broken[0] = 0;
  for (const wrong of [broken, image.subarray(0, 20), new Uint8Array(0)]) {
    t.throws(() => engine.publishNetwork(wrong), {
      code: 'ENGINE_REFUSED',
      message: /^the engine refused the network image: \S+ \d+: \S/,
    });
  }
  t.throws(() => engine.publishServices(new Uint8Array(7)), { code: 'ENGINE_REFUSED' });
  t.equal(engine.receive(0, [request(1)], 1).length, 1);
  t.end();
});

t.test('a closed engine says so', (t) => {
  const engine = openSimulation({ sessions: 16, secret: 0n });
  engine.close();
  engine.close();
  t.throws(() => engine.tick(1), { message: 'the engine is closed' });
  t.end();
});

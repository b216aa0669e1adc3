import t from 'tap';
import type { Sent, SimulatedEngine } from '../../../src/dataplane/engine.js';
import { defaultEngineGlobals, type Network } from '../../../src/dataplane/network.js';
import { Simulation } from '../../../src/replay/simulation.js';

/** Hands back every frame by the other port and writes down what it was told. */
class Mirror implements SimulatedEngine {
  readonly told: string[] = [];
  publishNetwork(): void {
    this.told.push('network');
  }
  publishServices(): void {
    this.told.push('services');
  }
  receive(port: number, frames: readonly Uint8Array[], nowMs: number): readonly Sent[] {
    this.told.push(`${nowMs}: ${frames.length} on ${port}`);
    return frames.map((frame) => ({ verdict: frame[0] === 0 ? 'pass' : 'forward', port: 1 - port, frame }));
  }
  tick(nowMs: number): readonly Sent[] {
    this.told.push(`${nowMs}: tick`);
    return [];
  }
  explain = (): string => '{}';
  counters = (): BigUint64Array => new BigUint64Array(5);
  wanted = (): Uint8Array => new Uint8Array(0);
  sessions = (): Uint8Array => new Uint8Array(0);
  flush(service: number, destination: number): number {
    this.told.push(`flush ${service} ${destination}`);
    return 0;
  }
  close = (): void => undefined;
}

const port = (name: string) => ({ name, ifindex: 0, mac: '02:fe:00:00:00:01', mtu: 1500, up: true });
const network: Network = { ports: [port('pg0'), port('pg1')], addresses: [], routes: [], neighbours: [] };

function open(): { readonly mirror: Mirror; readonly simulation: Simulation } {
  const mirror = new Mirror();
  const simulation = new Simulation(mirror);
  simulation.publishNetwork(network);
  mirror.told.length = 0;
  return { mirror, simulation };
}

const MS = 1000;
const EPOCH = 1_700_000_000_000_000;
const frames = (...times: readonly number[]) =>
  times.map((ms) => ({ atUs: EPOCH + ms * MS, bytes: Uint8Array.of(1, 2) }));
const engineTold = ({ told }: Mirror): readonly string[] => told.filter((line) => !line.endsWith('tick'));

t.test('captures of two interfaces come in the order of their times, those of one millisecond together', (t) => {
  const { mirror, simulation } = open();
  simulation.receive([
    { port: 'pg0', frames: frames(0, 0, 5) },
    { port: 'pg1', frames: frames(3) },
  ]);
  t.strictSame(engineTold(mirror), ['1000: 2 on 0', '1003: 1 on 1', '1005: 1 on 0']);
  t.end();
});

t.test('at most 64 frames at once', (t) => {
  const { mirror, simulation } = open();
  simulation.receive([{ port: 'pg0', frames: frames(...new Array<number>(150).fill(0)) }]);
  t.strictSame(engineTold(mirror), ['1000: 64 on 0', '1000: 64 on 0', '1000: 22 on 0']);
  t.end();
});

t.test('time passes a second at a time, and in at most 3600 steps', (t) => {
  const { mirror, simulation } = open();
  simulation.wait(2.5);
  t.strictSame(mirror.told, ['2000: tick', '3000: tick', '3500: tick']);
  mirror.told.length = 0;
  simulation.wait(86_400);
  t.ok(mirror.told.length <= 3600);
  t.equal(mirror.told.at(-1), '86403500: tick');
  t.end();
});

t.test('a capture whose time is over begins now; a later one waits for its time', (t) => {
  const { mirror, simulation } = open();
  simulation.receive([{ port: 'pg0', frames: frames(0, 10) }]);
  simulation.receive([{ port: 'pg0', frames: frames(0, 10) }]);
  simulation.receive([{ port: 'pg0', frames: frames(5000) }]);
  t.strictSame(engineTold(mirror), ['1000: 1 on 0', '1010: 1 on 0', '1010: 1 on 0', '1020: 1 on 0', '6000: 1 on 0']);
  t.end();
});

t.test('what is sent has its port and time; what is the kernel’s is apart', (t) => {
  const { simulation } = open();
  simulation.receive([{ port: 'pg0', frames: [...frames(0, 7), { atUs: EPOCH + 9 * MS, bytes: Uint8Array.of(0) }] }]);
  const sent = simulation.takeSent();
  t.strictSame([...sent.keys()], ['pg1']);
  t.strictSame(
    sent.get('pg1')?.map(({ atUs }) => atUs - EPOCH),
    [0, 7 * MS],
  );
  t.strictSame(
    simulation.takePassed().map(({ port }) => port),
    ['pg1'],
  );
  t.equal(simulation.takeSent().size, 0, 'once');
  t.end();
});

t.test('flush by names; what is not there flushes nothing', (t) => {
  const { mirror, simulation } = open();
  simulation.publishServices(new Map(), defaultEngineGlobals);
  mirror.told.length = 0;
  simulation.flush();
  simulation.flush({ by: 'address', protocol: 'tcp', address: '1.2.3.4', port: 80 });
  t.strictSame(mirror.told, ['flush -1 -1']);
  t.end();
});

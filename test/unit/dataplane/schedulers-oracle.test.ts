/**
 * The engine and src/schedulers choose the same server, packet by packet: servers come, change, fill up and go while SYNs arrive. The
 * engine forwards real frames (direct routing, so the MAC tells the server) and counts its own sessions; the oracle sees those counts.
 */
import fc from 'fast-check';
import t from 'tap';
import { addon, type EngineHandle } from '../../../src/addon/addon.js';
import { networkImage } from '../../../src/dataplane/network-image.js';
import { defaultEngineGlobals, type Network } from '../../../src/dataplane/network.js';
import { servicesImage } from '../../../src/dataplane/services-image.js';
import { addressBytes } from '../../../src/model/address.js';
import { schedulers } from '../../../src/schedulers/catalogue.js';
import type { Flow } from '../../../src/schedulers/scheduler.js';
import {
  type HistoryPlan,
  history,
  RehearsedService,
  type Server,
  serverAddresses,
  type Step,
  vip,
} from '../../helpers/scheduler-history.js';

const macOf = (number: number): string => `02:02:00:00:00:${number.toString(16).padStart(2, '0')}`;
const neighbours = (['ip4', 'ip6'] as const).flatMap((family) =>
  serverAddresses(family).map((address, i) => ({ address, port: 'eth0', mac: macOf(i + 1), vlans: [] })),
);
const onLink = [{ port: 'eth0', weight: 1, vlans: [] }];
const network: Network = {
  ports: [{ name: 'eth0', ifindex: 2, mac: '02:fe:00:00:00:01', mtu: 1500, up: true }],
  addresses: [
    { address: '10.1.0.254', prefixLength: 24, interface: 'eth0' },
    { address: 'fd00:1::fffe', prefixLength: 64, interface: 'eth0' },
  ],
  routes: [
    { prefix: '10.1.0.0', prefixLength: 24, nextHops: onLink },
    { prefix: 'fd00:1::', prefixLength: 64, nextHops: onLink },
    { prefix: '0.0.0.0', prefixLength: 0, nextHops: [{ port: 'eth0', gateway: '10.1.0.200', weight: 1, vlans: [] }] },
  ],
  neighbours,
};
const networkBytes = networkImage(network);

const flags = { fin: 0x11, syn: 0x02, ack: 0x10 } as const;

function ipv4Checksum(header: DataView): number {
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += header.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A TCP segment without payload. Nobody looks at its checksum. */
function segment({ client, virtual }: Flow, tcpFlags: number): Uint8Array {
  const v4 = !client.address.includes(':');
  const headerBytes = v4 ? 20 : 40;
  const frame = new Uint8Array(14 + headerBytes + 20);
  frame.set([0x02, 0xfe, 0, 0, 0, 0x01, 0x02, 0xcc, 0, 0, 0, 0x01], 0);
  const view = new DataView(frame.buffer);
  view.setUint16(12, v4 ? 0x0800 : 0x86dd);
  if (v4) {
    frame.set([0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6], 14);
    frame.set(addressBytes(client.address), 26);
    frame.set(addressBytes(virtual.address), 30);
    view.setUint16(24, ipv4Checksum(new DataView(frame.buffer, 14, 20)));
  } else {
    frame.set([0x60, 0, 0, 0, 0, 20, 6, 64], 14);
    frame.set(addressBytes(client.address), 22);
    frame.set(addressBytes(virtual.address), 38);
  }
  const tcp = 14 + headerBytes;
  view.setUint16(tcp, client.port);
  view.setUint16(tcp + 2, virtual.port);
  frame.set([0x50, tcpFlags, 0xff, 0xff], tcp + 12);
  return frame;
}

/** CountersHeader is five words, ServiceCounters and DestinationCounters eight each (native/engine/counters.h). */
const HEADER_WORDS = 5;
const RECORD_WORDS = 8;
const ACTIVE = 5;

class Session {
  readonly #engine: EngineHandle;
  readonly #service: RehearsedService;
  readonly #flows = new Map<string, { flow: Flow; server: Server }>();
  #now = 1000;
  /** Flows that found a server. */
  compared = 0;

  constructor(engine: EngineHandle, plan: HistoryPlan) {
    this.#engine = engine;
    this.#service = new RehearsedService(plan);
    engine.publishNetwork(networkBytes);
    this.#publish();
  }

  #publish(): void {
    const { image, refused } = servicesImage(this.#service.table(), defaultEngineGlobals, ['eth0']);
    if (refused.length > 0) throw new Error(refused.map(({ why }) => why).join());
    this.#engine.publishServices(image);
  }

  /** Place in the image: oldest first. */
  #place(server: Server): number {
    return this.#service.servers.length - 1 - this.#service.servers.indexOf(server);
  }

  /** The server that a frame goes to, by its number; undefined: none. */
  #send(flow: Flow, tcpFlags: number): number | undefined {
    this.#now += 10;
    const { heads, frames } = this.#engine.receive(0, [segment(flow, tcpFlags)], this.#now);
    if (heads.length === 0) return undefined;
    if (heads[0] !== 0) throw new Error('the engine left it to the kernel');
    return frames[5];
  }

  #count(): void {
    const counters = this.#engine.counters();
    const reasonsAndEvents = Number(counters[0]! & 0xffff_ffffn) + Number(counters[0]! >> 32n);
    const services = Number(counters[1]! & 0xffff_ffffn);
    const first = HEADER_WORDS + reasonsAndEvents + services * RECORD_WORDS;
    for (const server of this.#service.servers) {
      const at = first + this.#place(server) * RECORD_WORDS + ACTIVE;
      this.#service.count(server, Number(counters[at]!), Number(counters[at + 1]!));
    }
  }

  #forget(server: Server): void {
    this.#count(); // those that came since: how many go is what the kernel looks at
    this.#engine.flush(0, this.#place(server));
    for (const [key, one] of this.#flows) if (one.server === server) this.#flows.delete(key);
    this.#count();
  }

  #close(server: Server): void {
    const mine = [...this.#flows].filter(([, one]) => one.server === server);
    for (const [key, { flow }] of mine.slice(0, (mine.length + 1) >> 1)) {
      this.#send(flow, flags.fin);
      this.#flows.delete(key);
    }
    this.#count();
  }

  #arrive(flow: Flow, used: Set<string>): void {
    const key = `${flow.client.address} ${flow.client.port}`;
    if (used.has(key)) return;
    used.add(key);
    this.#count();
    const expected = this.#service.arrive(flow);
    const got = this.#send(flow, flags.syn);
    const wanted = expected && numberOf(expected.key.address);
    if (got !== wanted) throw new Error(`${key} went to ${got}, the oracle says ${wanted}`);
    if (expected === undefined) return;
    this.compared++;
    this.#flows.set(key, { flow, server: expected });
    if (flow.client.port % 4 !== 0) this.#send(flow, flags.ack); // most are established
  }

  run(steps: readonly Step[], family: 'ip4' | 'ip6'): void {
    const used = new Set<string>();
    let probes = 0;
    // the engine sees an edit when the next flow comes, and two edits as one; the kernel each at once: let one come
    const probe = (): void => {
      const address = family === 'ip4' ? '172.31.0.1' : 'fd00:2::f:1';
      this.#arrive({ client: { address, port: ++probes }, virtual: { address: vip[family], port: 80 } }, used);
    };
    for (const step of steps) {
      if (step.do === 'arrive') {
        this.#arrive(step.flow, used);
        continue;
      }
      const server = this.#service.server(step.do === 'set' ? step.server.n : step.n);
      if (step.do === 'set') {
        this.#count();
        if (this.#service.set(step.server)) this.#publish();
        probe();
      } else if (server !== undefined) {
        if (step.do === 'close') this.#close(server);
        else this.#forget(server);
        if (step.do === 'remove' && this.#service.remove(step.n)) {
          this.#publish();
          probe();
        }
      }
    }
  }
}

const numberOf = (address: string): number =>
  address.includes(':') ? Number.parseInt(address.split(':').at(-1)!, 16) : Number(address.split('.').at(-1));

for (const name of schedulers.keys()) {
  t.test(`${name}: the engine chooses as the oracle does`, (t) => {
    const { EngineHandle } = addon();
    let compared = 0;
    fc.assert(
      fc.property(history(name), (plan) => {
        const engine = new EngineHandle(1024, 11n, 22n);
        try {
          const session = new Session(engine, plan);
          session.run(plan.steps, plan.family);
          compared += session.compared;
        } finally {
          engine.close();
        }
      }),
      { numRuns: 60 },
    );
    t.ok(compared > 1000, `${compared} flows`);
    t.end();
  });
}

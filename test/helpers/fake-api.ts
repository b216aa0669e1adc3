import type { CheckStatus } from '../../src/cli/control.js';
import type { Identity } from '../../src/api/access.js';
import { logAudit } from '../../src/api/audit.js';
import { type ApiPorts, apiServer } from '../../src/api/server.js';
import type { Api } from '../../src/api/schema.js';
import { apiPortsOf } from '../../src/daemon/api-ports.js';
import { LiveCounts } from '../../src/daemon/live-counts.js';
import { Director } from '../../src/director/director.js';
import { LvsError } from '../../src/errors.js';
import { Journal } from '../../src/events/journal.js';
import { EventStreams } from '../../src/events/streams.js';
import type { Connection } from '../../src/ipvs/proc.js';
import type { ListedService } from '../../src/ipvs/rows.js';
import type { Statistics } from '../../src/model/statistics.js';
import type { Configuration } from '../../src/config/configuration.js';
import { DeclaredChanges } from '../../src/daemon/declared.js';
import type { Watch } from '../../src/daemon/watch.js';
import { type LayerName, type Merged, mergeLayers } from '../../src/declare/merge.js';
import { configurationOf } from './configuration.js';
import type { Format } from '../../src/metrics/text.js';
import { FakeClock } from './fake-clock.js';
import { FakeKernel } from './fake-kernel.js';
import { MemoryAppendedFile, MemoryFile } from './memory-file.js';
import { MemoryLog } from './memory-log.js';

/** Three services of each kind of key; one server of the first is down and has left the table. */
export const site = `virtual_server 192.0.2.1 80 {
  lb_algo wlc
  lb_kind NAT
  protocol TCP
  persistence_timeout 300
  real_server 10.0.0.1 8080 {
    weight 3
  }
  real_server 10.0.0.2 8080 {
  }
  sorry_server 10.0.0.9 80
}
virtual_server 2001:db8::1 53 {
  lb_algo rr
  lb_kind DR
  protocol UDP
  real_server 2001:db8:1::1 53 {
  }
}
virtual_server fwmark 7 {
  lb_algo rr
  lb_kind DR
  real_server 10.0.0.3 0 {
  }
}
`;

export const check = (server: string, verdict: CheckStatus['verdict']): CheckStatus => ({
  server,
  check: 'TCP_CHECK',
  verdict,
  proven: true,
  since: null,
  attempts: 1,
  failures: 0,
  last: 'alive',
  detail: '',
  damped: false,
  suspended: false,
  servers: 1,
  weight: null,
});

const DOWN = 'tcp 192.0.2.1:80 -> 10.0.0.2:8080';

export const connection = (clientAddress: string, clientPort: number, state: string): Connection => ({
  protocol: 'TCP',
  clientAddress,
  clientPort,
  virtualAddress: '192.0.2.1',
  virtualPort: 80,
  destinationAddress: '10.0.0.1',
  destinationPort: 8080,
  state,
  expiresSeconds: 60,
});

/** As the kernel would list its table: each destination with one connection of ten packets. */
const listedOf = (kernel: FakeKernel): readonly ListedService[] =>
  [...kernel.table.values()].map(({ key, settings, destinations }) => ({
    key,
    settings,
    statistics: counted,
    destinations: [...destinations.values()].map((one) => ({
      ...one,
      active: 1,
      inactive: 2,
      persistent: 0,
      statistics: counted,
    })),
  }));
const counted: Statistics = {
  connections: 1n,
  inPackets: 10n,
  outPackets: 0n,
  inBytes: 1000n,
  outBytes: 0n,
  connectionRate: 0n,
  inPacketRate: 0n,
  outPacketRate: 0n,
  inByteRate: 0n,
  outByteRate: 0n,
};

const router = {
  name: 'V1',
  interface: 'eth0',
  family: 'ip4',
  version: 3,
  vrid: 51,
  role: 'master',
  fault: null,
  waitsFor: [],
  held: false,
  priority: 150,
  configuredPriority: 150,
  advertMs: 1000,
  masterForMs: 12.5,
  master: null,
  addresses: ['192.0.2.1/24'],
  lastAdvertMsAgo: null,
  sent: { adverts: 3, refusedByKernel: 0 },
  accepted: 0,
  refused: { checksum: { adverts: 1, source: '192.0.2.9', detail: null } },
  remarks: [],
  addressesInUse: [],
} as const;

const side = (name: string) =>
  ({
    facts: {
      name,
      software: '1.0.0',
      beatMs: 200,
      routers: [{ name: 'V1', family: 'ip4', vrid: 51, facts: { version: '3' } }],
      director: { services: { 'tcp 192.0.2.1:80': 'abc' }, maglev: {}, health: { [DOWN]: 'down' } },
    },
    vrrp: { instances: [router], groups: [{ name: 'G', members: ['V1'] }] },
    connections: 12,
  }) as const;

const resync = { connections: 10, sent: 10, missing: 0, untold: 0, msAgo: 1, tookMs: 2 };
const sync = {
  peer: { is: 'connected', forMs: 1, why: null, notListening: null },
  connections: {
    is: 'done',
    why: null,
    messages: 3,
    runningForMs: null,
    taken: resync,
    given: null,
    isGiving: false,
    daemons: [{ state: 'master', interface: 'eth1', syncId: 7 }],
    lostMessages: 0,
  },
  sessions: {
    takes: { phase: 'following', isWhole: true, taken: 5, refused: 0 },
    why: null,
    gives: { phase: 'changes', taken: 1, refused: 0, unconfirmedBytes: 0, confirmedMsAgo: 3 },
  },
  waitsFor: null,
} as const;

const pair = {
  peer: { address: '10.99.0.2', port: 51112 },
  state: 'connected',
  stateForMs: 1,
  why: null,
  differences: [],
  ours: side('one'),
  theirs: side('two'),
  refused: 0,
} as const;

const engine = {
  running: true,
  path: '/run/lvsd/engine.sock',
  pid: 12,
  workers: 1,
  restarts: 0,
  ports: [{ name: 'eth0', mode: 'xdp', queues: 1, reason: '' }],
  silentNeighbours: [],
  sessions: { live: 1, capacity: 10, bytes: 100 },
  dropped: { 'no-service': 3 },
  events: {},
};

const finding = {
  rule: 'forwarding-off',
  severity: 'wrong',
  text: 'net/ipv4/ip_forward is 0',
  why: 'replies are dropped',
  mend: 'sysctl -w net/ipv4/ip_forward=1',
  mendOn: 'machine',
} as const;

/** Not at once: what is thrown rejects. */
const later = <T>(make: () => T): Promise<T> => Promise.resolve().then(make);

/** The layers of Reload, without anything else of it. */
class FakeLayers {
  readonly #file: Configuration;
  readonly #director: Director;
  inForce: Merged;

  constructor(file: Configuration, director: Director) {
    this.#file = file;
    this.#director = director;
    this.inForce = mergeLayers(file, new Map());
  }

  get configuration(): Configuration {
    return this.inForce.configuration;
  }

  originOf(service: string): LayerName {
    return this.inForce.origins.get(service) ?? 'file';
  }

  withLayer(name: 'api' | 'fleet', layer: Pick<Configuration, 'virtualServers'>): Configuration {
    return this.#merged(name, layer).configuration;
  }

  async setLayer(name: 'api' | 'fleet', layer: Pick<Configuration, 'virtualServers'> | undefined): Promise<void> {
    this.inForce = this.#merged(name, layer ?? { virtualServers: [] });
    await this.#director.configure(this.inForce.configuration);
  }

  /** There are no sysctls here. */
  followWeights(): Promise<void> {
    return Promise.resolve();
  }

  #merged(name: 'api' | 'fleet', { virtualServers }: Pick<Configuration, 'virtualServers'>): Merged {
    const merged = mergeLayers(this.#file, new Map([[name, virtualServers]]));
    const [clash] = merged.clashes;
    if (clash !== undefined) throw new LvsError('LAYERS_CLASH', [clash.service, clash.first, clash.second]);
    return merged;
  }
}

/** A director over a fake kernel, as the daemon shows it to the API; the rest says fixed things. Whatever changes something is counted. */
export class FakeApi {
  readonly log = new MemoryLog();
  readonly kernel = new FakeKernel();
  readonly journal = new Journal({ wallMs: () => 0 });
  readonly streams = new EventStreams(this.journal, new FakeClock());
  /** What /metrics is made of. */
  scrape: (format: Format) => Promise<Iterable<string>> = (format) => later(() => [`# ${format}\n`]);
  readonly clock = new FakeClock();
  readonly director: Director;
  /** What the API declares, over a file in memory. */
  readonly declared: DeclaredChanges;
  readonly declaredFile = new MemoryAppendedFile();
  /** What was changed, in words. */
  readonly changes: string[] = [];
  /** What the next reload or plan throws. */
  broken: readonly string[] | undefined;
  /** What reports of the pair throw. */
  trouble: Error | undefined;
  checks: readonly CheckStatus[] = [check('tcp 192.0.2.1:80 -> 10.0.0.1:8080', 'up'), check(DOWN, 'down')];
  connections: readonly Connection[] = [
    connection('10.9.0.1', 40_000, 'ESTABLISHED'),
    connection('10.9.0.2', 0, 'NONE'),
  ];
  readonly ports: ApiPorts;
  /** Who asks. */
  identity: Identity = { name: 'test', role: 'admin', services: 'all', by: 'socket' };
  api!: Api;

  private constructor(text: string) {
    const file = configurationOf(text);
    this.director = new Director({
      forwarder: this.kernel,
      clock: new FakeClock(),
      log: this.log,
      state: new MemoryFile(),
      isUp: (server) => server !== DOWN,
      weightOf: (_, configured) => configured,
      wallMs: () => 0,
      onQuorum: () => undefined,
      observeMs: 10_000,
      foreign: 'adopt',
    });
    const { director } = this;
    const checks = (): CheckStatus[] => [...this.checks];
    const mustBeWhole = (): void => {
      if (this.broken !== undefined)
        throw new LvsError('CONFIG_REFUSED', ['test.conf', this.broken.length], { cause: this.broken });
    };
    const layers = new FakeLayers(file, director);
    this.declared = new DeclaredChanges({
      file: this.declaredFile,
      director,
      reload: layers,
      counts: { read: () => Promise.resolve({ at: 0, services: [] }) },
      clock: this.clock,
      wallMs: () => this.clock.now(),
      log: this.log,
    });
    const ports = apiPortsOf({
      director: {
        get status() {
          return director.status;
        },
        preview: (configuration) => director.preview(configuration),
      },
      engine: undefined,
      watch: {
        get rows() {
          return checks() as unknown as Watch['rows'];
        },
        show: (row) => row as unknown as CheckStatus,
        isUp: (server) => server !== DOWN,
      },
      changes: this.declared,
      reload: {
        get configuration() {
          return layers.inForce.configuration;
        },
        originOf: (service) => layers.inForce.origins.get(service) ?? 'file',
        fingerprint: 'f00d',
        read: () => {
          mustBeWhole();
          return configurationOf(text.replace('weight 3', 'weight 4'));
        },
        fromSource: () =>
          later(() => {
            mustBeWhole();
            this.changes.push('reload');
          }),
      },
      counts: new LiveCounts({
        kernel: { services: () => later(() => listedOf(this.kernel)) },
        engine: undefined,
        clock: new FakeClock(),
        wallMs: () => 1_700_000_000_000,
      }),
      kernel: { connections: () => this.#connections() },
      events: { journal: this.journal, streams: this.streams },
      metrics: { scrape: (format) => this.scrape(format) },
      doctor: { examine: () => later(() => [finding]) },
      sync: { report: () => later(() => ({ ours: sync, theirs: null })) },
      vrrp: {
        report: () => later(() => side('one').vrrp),
        pair: () =>
          later(() => {
            if (this.trouble !== undefined) throw this.trouble;
            return pair;
          }),
        failover: ({ to, routers }) =>
          later(() => {
            if (to !== undefined && to !== 'here' && to !== 'peer')
              throw new LvsError('PAIR_REFUSED', [`'${to}' is neither here nor the peer`]);
            this.changes.push('failover');
            return { to: 'peer', routers: routers.length === 0 ? ['V1'] : routers, tookMs: 1.5 };
          }),
      },
    });
    this.ports = { ...ports, engine: { status: () => later(() => engine) } };
  }

  async *#connections(): AsyncGenerator<Connection> {
    for (const row of this.connections) yield await later(() => row);
  }

  /** With a file of this text. */
  static async open(text = site): Promise<FakeApi> {
    const fake = new FakeApi(text);
    fake.journal.open();
    await fake.director.open();
    await fake.director.configure(configurationOf(text));
    await fake.declared.open();
    const access = { identify: () => fake.identity, passBy: () => undefined, from: () => 'here' };
    fake.api = await apiServer(fake.ports, {
      log: fake.log,
      version: '1.2.3',
      now: () => fake.clock.now(),
      access,
      audit: logAudit(fake.log),
    });
    return fake;
  }

  async close(): Promise<void> {
    await this.api.close();
    await this.declared.close();
    await this.director.stop('keep');
  }
}

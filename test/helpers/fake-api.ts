import type { CheckStatus } from '../../src/cli/control.js';
import { type ApiPorts, apiServer } from '../../src/api/server.js';
import type { Api } from '../../src/api/schema.js';
import { apiPortsOf } from '../../src/daemon/api-ports.js';
import { Director } from '../../src/director/director.js';
import { LvsError } from '../../src/errors.js';
import { configurationOf } from './configuration.js';
import { FakeClock } from './fake-clock.js';
import { FakeKernel } from './fake-kernel.js';
import { MemoryFile } from './memory-file.js';
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

/** Not at once: what is thrown rejects. */
const later = <T>(make: () => T): Promise<T> => Promise.resolve().then(make);

/** A director over a fake kernel, as the daemon shows it to the API; the rest says fixed things. Whatever changes something is counted. */
export class FakeApi {
  readonly log = new MemoryLog();
  readonly kernel = new FakeKernel();
  readonly director: Director;
  /** What was changed, in words. */
  readonly changes: string[] = [];
  /** What the next reload or plan throws. */
  broken: readonly string[] | undefined;
  /** What reports of the pair throw. */
  trouble: Error | undefined;
  checks: readonly CheckStatus[] = [check('tcp 192.0.2.1:80 -> 10.0.0.1:8080', 'up'), check(DOWN, 'down')];
  readonly ports: ApiPorts;
  api!: Api;

  private constructor() {
    const file = configurationOf(site);
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
    const ports = apiPortsOf({
      director: {
        get status() {
          return director.status;
        },
        override: (server, weight) => {
          this.changes.push(`override ${server} ${weight ?? 'file'}`);
          return director.override(server, weight);
        },
        preview: (configuration) => director.preview(configuration),
      },
      engine: undefined,
      watch: {
        get status() {
          return checks();
        },
        isUp: (server) => server !== DOWN,
      },
      reload: {
        configuration: file,
        fingerprint: 'f00d',
        read: () => {
          mustBeWhole();
          return configurationOf(site.replace('weight 3', 'weight 4'));
        },
        fromSource: () =>
          later(() => {
            mustBeWhole();
            this.changes.push('reload');
          }),
      },
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

  static async open(): Promise<FakeApi> {
    const fake = new FakeApi();
    await fake.director.open();
    await fake.director.configure(configurationOf(site));
    fake.api = await apiServer(fake.ports, { log: fake.log, version: '1.2.3' });
    return fake;
  }

  async close(): Promise<void> {
    await this.api.close();
    await this.director.stop('keep');
  }
}

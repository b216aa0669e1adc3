import t from 'tap';
import { type Circumstances, desired } from '../../../src/director/desired.js';
import { nothingElse } from '../../helpers/circumstances.js';
import { configurationOf, site, type SiteOptions, tableText } from '../../helpers/configuration.js';

const first = 'tcp 192.0.2.1:80';
const sorry = 'sorry_server 10.0.0.9 80';

interface Row {
  readonly name: string;
  readonly site?: SiteOptions;
  /** Last octets of servers that are down. */
  readonly down?: readonly number[];
  readonly weights?: readonly (readonly [number, number])[];
  readonly hadQuorum?: boolean;
  readonly table: readonly string[];
  readonly quorum?: boolean;
}

const rows: readonly Row[] = [
  { name: 'all are up', table: ['10.0.0.1:80 1', '10.0.0.2:80 1'], quorum: true },
  { name: 'one that is down leaves', down: [1], table: ['10.0.0.2:80 1'] },
  {
    name: 'inhibit_on_failure: it keeps its place with weight 0',
    site: { servers: { 1: 'inhibit_on_failure', 2: 'weight 3' } },
    down: [1],
    table: ['10.0.0.1:80 0', '10.0.0.2:80 3'],
  },
  { name: 'all are down and nobody stands in', down: [1, 2], table: [], quorum: false },
  {
    name: 'all are down: the sorry server',
    site: { service: sorry },
    down: [1, 2],
    table: ['10.0.0.9:80 1'],
    quorum: false,
  },
  { name: 'one is up: no sorry server', site: { service: sorry }, down: [1], table: ['10.0.0.2:80 1'] },
  {
    name: 'quorum lost: the sorry server stands in for the live ones too',
    site: { service: `${sorry}\nquorum 2` },
    down: [1],
    table: ['10.0.0.9:80 1'],
    quorum: false,
  },
  {
    name: 'quorum lost without a sorry server: the live ones stay',
    site: { service: 'quorum 2' },
    down: [1],
    table: ['10.0.0.2:80 1'],
    quorum: false,
  },
  {
    name: 'sorry_server_inhibit: always there, weight 0 while not needed',
    site: { service: `${sorry}\nsorry_server_inhibit` },
    table: ['10.0.0.1:80 1', '10.0.0.2:80 1', '10.0.0.9:80 0'],
  },
  {
    name: 'a displaced server that is inhibited keeps weight 0',
    site: { service: `${sorry}\nquorum 2\ninhibit_on_failure` },
    down: [1],
    table: ['10.0.0.1:80 0', '10.0.0.2:80 0', '10.0.0.9:80 1'],
  },
  {
    name: 'hysteresis: not back at the quorum alone',
    site: { service: `${sorry}\nquorum 2\nhysteresis 1`, servers: { 1: '', 2: '', 3: '' } },
    down: [3],
    hadQuorum: false,
    table: ['10.0.0.9:80 1'],
    quorum: false,
  },
  {
    name: 'alpha: the quorum starts lost, so hysteresis is above it',
    site: { service: `${sorry}\nquorum 2\nhysteresis 1\nalpha`, servers: { 1: '', 2: '', 3: '' } },
    down: [3],
    table: ['10.0.0.9:80 1'],
    quorum: false,
  },
  { name: "an operator's weight holds over the file's", weights: [[1, 7]], table: ['10.0.0.1:80 7', '10.0.0.2:80 1'] },
  {
    name: "an operator's weight 0 counts for nothing; who has it keeps its connections beside the sorry server",
    site: { service: sorry },
    down: [2],
    weights: [[1, 0]],
    table: ['10.0.0.1:80 0', '10.0.0.9:80 1'],
    quorum: false,
  },
];

for (const { name, site: options, down = [], weights = [], hadQuorum, table, quorum } of rows)
  t.test(name, (t) => {
    const server = (octet: number): string => `${first} -> 10.0.0.${octet}:80`;
    const dead = new Set(down.map(server));
    const result = desired(configurationOf(site(options)), {
      ...nothingElse,
      isUp: (one) => !dead.has(one),
      weights: new Map(weights.map(([octet, weight]) => [server(octet), weight])),
      quorums: new Map(hadQuorum === undefined ? [] : [[first, hadQuorum]]),
    });
    t.same(tableText(result.table), [`${first} rr`, ...table.map((line) => `  ${line}`)]);
    if (quorum !== undefined) t.equal(result.quorums.get(first), quorum);
    t.end();
  });

t.test('a group: every service gets the same servers, each with its own port', (t) => {
  const text = `virtual_server_group web {
    192.0.2.1 80
    192.0.2.2 8080
  }
  virtual_server group web {
    lb_kind DR
    lb_algo wrr
    protocol TCP
    real_server 10.0.0.1 80 {
      TCP_CHECK {
        connect_port 80
      }
    }
  }`;
  const { table } = desired(configurationOf(text), nothingElse);
  t.same(tableText(table), ['tcp 192.0.2.1:80 wrr', '  10.0.0.1:80 1', 'tcp 192.0.2.2:8080 wrr', '  10.0.0.1:8080 1']);
  t.end();
});

/** Looks at one site again and again, remembering what the director does. */
class Looks {
  readonly #configuration;
  #state: Circumstances = nothingElse;
  result;

  constructor(options: SiteOptions) {
    this.#configuration = configurationOf(site(options));
    this.result = desired(this.#configuration, this.#state);
  }

  at(ms: number, down: readonly number[]): readonly string[] {
    const dead = new Set(down.map((octet) => `${first} -> 10.0.0.${octet}:80`));
    const { lives, quorums } = this.result;
    this.#state = { ...nothingElse, isUp: (one) => !dead.has(one), lives, quorums, now: ms };
    this.result = desired(this.#configuration, this.#state);
    return tableText(this.result.table)
      .slice(1)
      .map((line) => line.trim().replace(/^10\.0\.0\.(\d):80/, '$1:'));
  }

  get wake(): number | undefined {
    return this.result.wakes.get(first);
  }
}

t.test('dead_flows', (t) => {
  t.same(new Looks({ service: 'dead_flows keep' }).at(1000, [1]), ['1: 0', '2: 1'], 'keep');
  t.same(new Looks({ service: 'dead_flows cut' }).at(1000, [1]), ['2: 1'], 'cut');
  const drains = new Looks({ service: 'dead_flows drain 30' });
  t.same(drains.at(1000, [1]), ['1: 0', '2: 1'], 'it drains');
  t.equal(drains.wake, 31_000);
  t.same(drains.at(30_999, [1]), ['1: 0', '2: 1']);
  t.same(drains.at(31_000, [1]), ['2: 1'], 'and is gone');
  t.equal(drains.wake, undefined);
  t.same(drains.at(40_000, []), ['1: 1', '2: 1'], 'it comes back');
  t.same(drains.at(50_000, [1]), ['1: 0', '2: 1'], 'the next time it drains again');
  const stoodIn = new Looks({ service: `dead_flows drain 30\nquorum 2\n${sorry}` });
  t.same(stoodIn.at(1000, [1]), ['1: 0', '2: 0', '9: 1'], 'who lives while a sorry server stands in keeps its flows');
  t.same(stoodIn.at(31_000, [1]), ['2: 0', '9: 1']);
  const never = new Looks({ service: 'dead_flows drain 30\nalpha', servers: { 1: 'TCP_CHECK {\n}', 2: '' } });
  t.same(never.at(1000, [1]), ['1: 0', '2: 1'], 'it was up before');
  t.end();
});

t.test('slow_start: the weight climbs evenly, and only of those that came up while the service ran', (t) => {
  const looks = new Looks({ service: 'slow_start 10 50', servers: { 1: 'weight 5', 2: 'weight 5' } });
  t.same(looks.at(0, []), ['1: 5', '2: 5'], 'at the start nobody climbs');
  looks.at(1000, [1]);
  t.same(looks.at(2000, []), ['1: 2', '2: 5']);
  t.equal(looks.wake, 4500, 'four steps of 2.5 s');
  t.same(looks.at(4500, []), ['1: 3', '2: 5']);
  t.same(looks.at(11_999, []), ['1: 4', '2: 5']);
  t.same(looks.at(12_000, []), ['1: 5', '2: 5']);
  t.equal(looks.wake, undefined);
  t.end();
});

t.test('pool_guard: those that failed first go, the others stay and are named', (t) => {
  const looks = new Looks({ service: 'pool_guard 50', servers: { 1: '', 2: '', 3: '' } });
  t.same(looks.at(1000, [2]), ['1: 1', '3: 1'], 'one of three may go');
  t.same(looks.at(2000, [2, 3]), ['1: 1', '3: 1'], 'the second may not');
  t.same(looks.result.held.get(first), [`${first} -> 10.0.0.3:80`]);
  t.same(looks.at(3000, [1, 2, 3]), ['1: 1', '3: 1']);
  t.same(looks.at(4000, [1, 3]), ['1: 1', '2: 1'], 'who comes back makes room for the next to go');
  t.same(looks.at(5000, []), ['1: 1', '2: 1', '3: 1']);
  t.equal(looks.result.held.size, 0);
  const sorryToo = new Looks({ service: `pool_guard 50\n${sorry}`, servers: { 1: '', 2: '' } });
  t.same(sorryToo.at(1000, [1, 2]), ['9: 1'], 'where a sorry server stands in it holds for all');
  t.end();
});

t.test('checks that have a say in the weight', (t) => {
  const weighs = { ...nothingElse, weightOf: (_: string, configured: number) => configured + 4 };
  const { table } = desired(configurationOf(site({})), weighs);
  t.same(tableText(table).slice(1), ['  10.0.0.1:80 5', '  10.0.0.2:80 5']);
  t.end();
});

t.test('a quorum between its two limits is what it was when the director before us ended', (t) => {
  const quorum = (options: SiteOptions, hadQuorum?: boolean): boolean | undefined => {
    const isUp = (one: string): boolean => !one.endsWith('.1:80') && !one.endsWith('.2:80');
    const result = desired(configurationOf(site(options)), { ...nothingElse, isUp, hadQuorum: () => hadQuorum });
    return result.quorums.get(first);
  };
  const between = { service: `quorum 2\nhysteresis 1\n${sorry}`, servers: { 1: '', 2: '', 3: '', 4: '' } };
  t.equal(quorum(between), true, 'nobody knows');
  t.equal(quorum(between, false), false);
  const alpha = { ...between, service: `${between.service}\nalpha` };
  t.equal(quorum(alpha), false, 'nobody knows');
  t.equal(quorum(alpha, true), true);
  t.end();
});

import t from 'tap';
import { desired } from '../../../src/director/desired.js';
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
    name: "an operator's weight 0 counts for nothing",
    site: { service: sorry },
    down: [2],
    weights: [[1, 0]],
    table: ['10.0.0.9:80 1'],
    quorum: false,
  },
];

for (const { name, site: options, down = [], weights = [], hadQuorum, table, quorum } of rows)
  t.test(name, (t) => {
    const server = (octet: number): string => `${first} -> 10.0.0.${octet}:80`;
    const dead = new Set(down.map(server));
    const result = desired(configurationOf(site(options)), {
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
  const { table } = desired(configurationOf(text), { isUp: () => true, weights: new Map(), quorums: new Map() });
  t.same(tableText(table), ['tcp 192.0.2.1:80 wrr', '  10.0.0.1:80 1', 'tcp 192.0.2.2:8080 wrr', '  10.0.0.1:8080 1']);
  t.end();
});

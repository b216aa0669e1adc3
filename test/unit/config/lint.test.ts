import t from 'tap';
import { formatDiagnostic } from '../../../src/config/diagnostics.js';
import { lint } from '../../../src/config/lint.js';
import { configurationOf } from '../../helpers/configuration.js';

const advice = (text: string): readonly string[] =>
  lint(configurationOf(text)).map((one) => formatDiagnostic(one).replace(/^test.conf:/, ''));

interface Parts {
  readonly header?: string;
  readonly scheduler?: string;
  readonly protocol?: string;
  /** Lines of the virtual server. */
  readonly service?: readonly string[];
  /** Lines of each real server 10.1.0.N. */
  readonly servers?: readonly (readonly string[])[];
}

/** Line 5 is the first of `service`; real servers follow. */
const site = ({
  header = '10.0.0.1 80',
  scheduler = 'wrr',
  protocol = 'TCP',
  service = [],
  servers = [['TCP_CHECK {', '}']],
}: Parts): string =>
  [
    `virtual_server ${header} {`,
    `protocol ${protocol}`,
    `lvs_sched ${scheduler}`,
    'lvs_method NAT',
    ...service,
    ...servers.flatMap((lines, i) => [`real_server 10.1.0.${i + 1} 80 {`, ...lines, '}']),
    '}',
    '',
  ].join('\n');

const tcp = (...lines: readonly string[]): readonly string[] => ['TCP_CHECK {', ...lines, '}'];
const http = (...lines: readonly string[]): readonly string[] => ['HTTP_GET {', 'url {', 'path /', ...lines, '}', '}'];

const said: readonly [name: string, parts: Parts, advice: readonly RegExp[]][] = [
  ['all weights 0', { servers: [['weight 0', ...tcp()]] }, [/^1:1: warning: all its real servers have weight 0/]],
  [
    'a sum of weights beyond 32 bits',
    {
      servers: [
        ['weight 2147483647', ...tcp()],
        ['weight 1', ...tcp()],
      ],
    },
    [/^1:1: .* together weigh 2147483648: .*overflow/],
  ],
  [
    'sh: all buckets are gone',
    { scheduler: 'sh', servers: [['weight 200', ...tcp()], ['weight 56', ...tcp()], tcp()] },
    [/^15:13: .*256 buckets.*gets no connection, expected .* at most 256$/],
  ],
  [
    'mh: shares are coarse',
    {
      scheduler: 'mh',
      servers: [
        ['weight 1000', ...tcp()],
        ['weight 1', ...tcp()],
      ],
    },
    [/^10:13: .*gets 1.6 % of the clients, not 0.1 %/],
  ],
  [
    'rr takes no notice of weights',
    {
      scheduler: 'rr',
      servers: [
        ['weight 2', ...tcp()],
        ['weight 1', ...tcp()],
      ],
    },
    [/^1:1: .*lvs_sched rr takes no notice.*such as wrr/],
  ],
  [
    'a quorum that never comes back',
    { service: ['quorum 2', 'hysteresis 1'], servers: [tcp(), tcp()] },
    [/^1:1: .*takes 2 and hysteresis 1, all servers together weigh 2, expected a hysteresis of at most 0$/],
  ],
  [
    'a sorry server that is a real server',
    { service: ['sorry_server 10.1.0.1 80'] },
    [/^5:14: .*sorry server 10.1.0.1:80 is also the real server in line 6/],
  ],
  [
    'persistence on top of hashing',
    { scheduler: 'mh', service: ['persistence_timeout 60'] },
    [/^1:1: .*persistence on top of lvs_sched mh/],
  ],
  [
    'inhibit_on_failure with persistence',
    { service: ['persistence_timeout 60', 'inhibit_on_failure'] },
    [/^1:1: .*expire_quiescent_template = 1$/],
  ],
  [
    'one server without a check',
    { servers: [tcp(), [], []] },
    [/^9:13: .*has no check, others of its virtual_server have.*\(here and in 1 more place\)/],
  ],
  ['alpha without a check', { service: ['alpha'], servers: [[]] }, [/^6:13: .*alpha has no effect/]],
  [
    'a check slower than its interval, once for all servers',
    { service: ['delay_loop 3'], servers: [tcp('connect_timeout 5', 'retry 2'), tcp('connect_timeout 5', 'retry 2')] },
    [
      /^7:1: .*TCP_CHECK is slower than its delay_loop of 3 s: .*after 17 s \(3 attempts of 5 s and 2 pauses of 1 s\) \(here and in 1 more place\)/,
    ],
  ],
  [
    'many attempts in a short interval',
    { service: ['delay_loop 1'], servers: [tcp('connect_timeout 1', 'retry 5', 'delay_before_retry 0')] },
    [/slower than its delay_loop of 1 s: .*after 6 s/],
  ],
  [
    'a script that may take longer than its interval',
    { service: ['delay_loop 5'], servers: [['MISC_CHECK {', 'misc_path /bin/true', 'misc_timeout 10', '}']] },
    [
      /^7:1: .*MISC_CHECK is slower than its delay_loop of 5 s: .*10 s \(1 attempt of 10 s\), expected a shorter misc_timeout or/,
    ],
  ],
  [
    'probes as a load',
    { service: ['delay_loop 0.01'], servers: [tcp('connect_timeout 0.01', 'delay_before_retry 0')] },
    [/^7:1: .*every 0.01 s is 100 probes a second/],
  ],
  [
    'one lost SYN',
    { servers: [tcp('connect_timeout 1', 'retry 0')] },
    [/^6:1: .*retry 0 and connect_timeout 1: one lost packet takes the server out/],
  ],
  [
    'one lost datagram',
    { servers: [['PING_CHECK {', 'retry 0', '}']] },
    [/^6:1: .*PING_CHECK with retry 0: one lost packet.*, expected retry 1 or more$/],
  ],
  [
    'a name that TLS is not told',
    { service: ['virtualhost www.example.com'], servers: [['SSL_GET {', 'url {', 'path /', '}', '}']] },
    [/^7:1: .*virtualhost www.example.com but does not name it.*enable_sni/],
  ],
  [
    'a regex that is always found',
    { servers: [http('regex "a*"')] },
    [/^6:1: .*url \/ is found in every answer.*proves nothing/],
  ],
  [
    'a regex that is always found and must not be',
    { servers: [http('regex ".*"', 'regex_no_match')] },
    [/no answer passes regex_no_match/],
  ],
  [
    'UDP checked by TCP',
    { protocol: 'UDP', header: '10.0.0.1 5060', servers: [tcp()] },
    [/^6:1: .*UDP service is asked only for its TCP port/],
  ],
];
for (const [name, parts, expected] of said)
  t.test(name, (t) => {
    const found = advice(site(parts));
    t.equal(found.length, expected.length, found.join('\n'));
    for (const [i, pattern] of expected.entries()) t.match(found[i], pattern);
    t.end();
  });

const silent: readonly [name: string, parts: Parts][] = [
  ['a plain service', {}],
  [
    'equal weights with rr',
    {
      scheduler: 'rr',
      servers: [
        ['weight 5', ...tcp()],
        ['weight 5', ...tcp()],
      ],
    },
  ],
  [
    'a server at weight 0 with rr',
    {
      scheduler: 'rr',
      servers: [
        ['weight 5', ...tcp()],
        ['weight 0', ...tcp()],
      ],
    },
  ],
  ['sh with small weights', { scheduler: 'sh', servers: [['weight 2', ...tcp()], tcp()] }],
  [
    'mh with like weights',
    {
      scheduler: 'mh',
      servers: [
        ['weight 60', ...tcp()],
        ['weight 20', ...tcp()],
      ],
    },
  ],
  ['no server has a check', { servers: [[], []] }],
  [
    'pauses as long as the interval',
    { service: ['delay_loop 6'], servers: [tcp('connect_timeout 5', 'retry 4', 'delay_before_retry 6')] },
  ],
  [
    "keepalived's sample",
    { service: ['delay_loop 6'], servers: [tcp('connect_timeout 3', 'retry 3', 'delay_before_retry 3')] },
  ],
  ['SNI', { service: ['virtualhost a.example'], servers: [['SSL_GET {', 'enable_sni', 'url {', 'path /', '}', '}']] }],
  ['a regex for an empty answer', { servers: [http('regex "^$"')] }],
  ['a regex for a word', { servers: [http('regex "ok"')] }],
  ['DNS over TCP', { protocol: 'UDP', header: '10.0.0.1 53', servers: [tcp('connect_port 53')] }],
  ['a quorum within reach', { service: ['quorum 2', 'hysteresis 1'], servers: [tcp(), tcp(), tcp()] }],
];
for (const [name, parts] of silent)
  t.test(`nothing is said of ${name}`, (t) => {
    t.strictSame(advice(site(parts)), []);
    t.end();
  });

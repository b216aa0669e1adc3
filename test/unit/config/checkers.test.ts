import t from 'tap';
import type { NetworkCheck } from '../../../src/config/check.js';
import { readConfiguration } from '../../../src/config/read.js';
import { says, server, service } from './says.js';

const refused: readonly [name: string, text: string, says: readonly string[]][] = [
  ['TCP_CHECK without a block', server('TCP_CHECK'), ["6:10: 'TCP_CHECK' without its block, expected '{'"]],
  [
    'an old word where it never was',
    server('TCP_CHECK {', 'nb_get_retry 3', '}'),
    ["7:1: 'nb_get_retry' is no keyword of TCP_CHECK; did you mean 'retry'?"],
  ],
  [
    'an old word where it was',
    server('HTTP_GET {', 'nb_get_retry 3', 'url {', 'path /', '}', '}'),
    ["7:1: warning: 'nb_get_retry' is an old name, expected 'retry'"],
  ],
  [
    'HTTP_GET that asks nothing',
    server('HTTP_GET {', '}'),
    ["6:1: 'HTTP_GET' asks nothing, expected at least one 'url'"],
  ],
  [
    'a url without a path',
    server('SSL_GET {', 'url {', 'status_code 200', '}', '}'),
    ["7:1: 'url' lacks a path, expected 'path /...'"],
  ],
  [
    'a short digest',
    server('HTTP_GET {', 'url {', 'path /', 'digest 1234', '}', '}'),
    ["9:8: '1234' is no value of digest, expected 32 hexadecimal digits (MD5)"],
  ],
  [
    'status codes',
    server('HTTP_GET {', 'url {', 'path /', 'status_code 200 299-200 2xx', '}', '}'),
    [
      "9:17: '299-200' is no value of status_code, expected a status code or a range of them from 100 to 599",
      "9:25: '2xx' is no value of status_code, expected a status code or a range of them from 100 to 599",
    ],
  ],
  [
    'a pattern that does not compile',
    server('HTTP_GET {', 'url {', 'path /', 'regex "a(b"', '}', '}'),
    [
      "9:7: the pattern cannot be used: a '(' without its ')', expected a regular expression of PCRE without recursion, verbs and Unicode properties",
    ],
  ],
  [
    'options of a pattern',
    server('HTTP_GET {', 'url {', 'path /', 'regex a', 'regex_options casless', '}', '}'),
    [
      "10:15: 'casless' is no option of a pattern, expected caseless, multiline, dotall, extended or dollar_endonly; did you mean 'caseless'?",
    ],
  ],
  [
    'connect_ip of the other family',
    server('TCP_CHECK {', 'connect_ip 2001:db8::1', '}'),
    ["7:12: 2001:db8::1 is not of the real server's address family, expected an IPv4 address"],
  ],
  [
    'bindto of another family than what is connected',
    server('TCP_CHECK {', 'bindto 2001:db8::1', '}'),
    ['7:8: 2001:db8::1 cannot be the source of a connection to 10.1.0.1, expected an address of the same family'],
  ],
  [
    'no port anywhere',
    server('TCP_CHECK {', '}').replaceAll(' 80 {', ' {').replace('10.0.0.1', 'fwmark 1').replace('protocol TCP\n', ''),
    ["5:1: nothing says which port to check, expected a port behind the address of real_server, or 'connect_port'"],
  ],
  [
    'a word of the other kind',
    server('HTTP_GET {', 'enable_sni', 'url {', 'path /', '}', '}'),
    ["7:1: 'enable_sni' is no keyword of HTTP_GET"],
  ],
  [
    'a protocol version',
    server('HTTP_GET {', 'http_protocol 3', 'url {', 'path /', '}', '}'),
    ["7:15: '3' is no value of http_protocol, expected 1.0, 1.0C, 1.1 or 2; did you mean '2'?"],
  ],
];

for (const [name, text, expected] of refused)
  t.test(`complains: ${name}`, (t) => {
    t.strictSame(says(text), expected);
    t.end();
  });

function checksOf(text: string): readonly NetworkCheck[] {
  const { configuration, diagnostics } = readConfiguration({ file: 'f', text });
  const [real] = configuration?.virtualServers[0]?.realServers ?? [];
  if (real === undefined) throw new Error(JSON.stringify(diagnostics));
  return real.checks.filter((check): check is NetworkCheck => 'target' in check);
}

t.test('a check that says nothing has the defaults of keepalived', (t) => {
  const [tcp, http] = checksOf(server('TCP_CHECK {', '}', 'HTTP_GET {', 'url {', 'path /', '}', '}'));
  const pace = {
    intervalSeconds: 60,
    retries: 1,
    rise: 1,
    retryDelaySeconds: 1,
    warmupSeconds: 60,
    alpha: false,
    logAllFailures: false,
  };
  const target = { address: '10.1.0.1', port: 80, timeoutSeconds: 5, mark: 0, viaForwarding: false };
  t.strictSame(tcp, { is: 'tcp', position: { file: 'f', line: 6, column: 1 }, pace, target });
  t.strictSame(http, {
    is: 'http',
    position: { file: 'f', line: 8, column: 1 },
    pace: { ...pace, retryDelaySeconds: 3 },
    target,
    tls: undefined,
    protocol: '1.0',
    fastRecovery: false,
    urls: [{ path: '/', host: '10.1.0.1:80', statusCodes: [] }],
  });
  t.end();
});

t.test('what the virtual server says counts less than the real server, and that less than the check', (t) => {
  const [first, second] = checksOf(
    service(
      ...['delay_loop 10', 'retry 4', 'delay_before_retry 2', 'warmup 0', 'connect_timeout 9', 'alpha'],
      ...['real_server 10.1.0.1 80 {', 'delay_loop 5.5', 'retry 3', 'TCP_CHECK {', '}'],
      ...['TCP_CHECK {', 'delay_loop 1', 'retry 0', 'connect_timeout 0.5', 'alpha no', 'log_all_failures', '}', '}'],
    ),
  );
  t.strictSame(first?.pace, {
    intervalSeconds: 5.5,
    retries: 3,
    rise: 1,
    retryDelaySeconds: 2,
    warmupSeconds: 0,
    alpha: true,
    logAllFailures: false,
  });
  t.equal(first?.target.timeoutSeconds, 9);
  t.strictSame(second?.pace, {
    intervalSeconds: 1,
    retries: 0,
    rise: 1,
    retryDelaySeconds: 2,
    warmupSeconds: 0,
    alpha: false,
    logAllFailures: true,
  });
  t.equal(second?.target.timeoutSeconds, 0.5);
  t.end();
});

t.test('where to connect, and from where', (t) => {
  const [check] = checksOf(
    server(
      'TCP_CHECK {',
      'connect_ip 10.9.9.9',
      'connect_port 81',
      'bindto 10.0.0.5',
      'bind_port 1024',
      'bind_if eth0',
      'fwmark 7',
      '}',
    ),
  );
  t.strictSame(check?.target, {
    address: '10.9.9.9',
    port: 81,
    timeoutSeconds: 5,
    mark: 7,
    viaForwarding: false,
    bindAddress: '10.0.0.5',
    bindPort: 1024,
    bindInterface: 'eth0',
  });
  t.end();
});

/** `(?i)it works: \d+ "x"` as JavaScript finds it: both cases of ASCII letters, and no flags. */
const WORKS = /[iI][tT]\x20[wW][oO][rR][kK][sS]\x3a\x20[\x30-\x39]+\x20\x22[xX]\x22/;

t.test('SSL_GET in full', (t) => {
  const [check] = checksOf(
    server(
      ...[
        'virtualhost rs.example',
        'SSL_GET {',
        'virtualhost check.example',
        'http_protocol 1.1',
        'enable_sni',
        'fast_recovery on',
      ],
      ...['url {', 'path "/a b"', 'status_code 200 300-399', 'status_code 404', 'virtualhost url.example', '}'],
      ...[
        'url {',
        'path /x',
        'digest 0123456789ABCDEF0123456789abcdef',
        'regex "(?i)it works: \\d+ \\"x\\""',
        'regex_no_match',
      ],
      ...['regex_options dotall', 'regex_min_offset 10', 'regex_max_offset 20', '}', '}'],
    ),
  );
  t.ok(check?.is === 'http');
  if (check?.is !== 'http') return;
  t.strictSame([check.tls, check.protocol, check.fastRecovery], [{ serverName: 'check.example' }, '1.1', true]);
  t.strictSame(check.urls, [
    {
      path: '/a b',
      host: 'url.example',
      statusCodes: [
        [200, 200],
        [300, 399],
        [404, 404],
      ],
    },
    {
      path: '/x',
      host: 'check.example',
      statusCodes: [],
      digest: '0123456789abcdef0123456789abcdef',
      pattern: { regex: WORKS, absent: true, minOffset: 10, maxOffset: 20 },
    },
  ]);
  t.end();
});

t.test('the Host of an IPv6 server stands in brackets', (t) => {
  const text = server('HTTP_GET {', 'url {', 'path /', '}', '}')
    .replace('10.1.0.1', '2001:db8::1')
    .replace('10.0.0.1', '2001:db8::9');
  const [check] = checksOf(text);
  t.equal(check?.is === 'http' ? check.urls[0]?.host : undefined, '[2001:db8::1]:80');
  t.end();
});

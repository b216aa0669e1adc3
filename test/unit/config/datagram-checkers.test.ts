/** SMTP_CHECK, DNS_CHECK, UDP_CHECK and PING_CHECK: their words. */
import t from 'tap';
import type { Check } from '../../../src/config/check.js';
import { readConfiguration } from '../../../src/config/read.js';
import { says, server } from './says.js';

function checksOf(text: string): readonly Check[] {
  const { configuration, diagnostics } = readConfiguration({ file: 'f', text });
  const [real] = configuration?.virtualServers[0]?.realServers ?? [];
  if (real === undefined) throw new Error(JSON.stringify(diagnostics));
  return real.checks;
}

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
const position = { file: 'f', line: 6, column: 1 };

const usual: [name: string, check: Check][] = [
  ['SMTP_CHECK', { is: 'smtp', position, pace, target, heloName: 'smtpchecker.keepalived.org' }],
  [
    'DNS_CHECK',
    { is: 'dns', position, pace: { ...pace, retries: 3, retryDelaySeconds: 60 }, target, type: 'SOA', name: '.' },
  ],
  [
    'UDP_CHECK',
    {
      is: 'udp',
      position,
      pace,
      target,
      payload: '6b656570616c6976656420636865636b202d206b656570616c69766564206368',
      minReplyLength: 0,
      maxReplyLength: 65_535,
    },
  ],
  ['PING_CHECK', { is: 'ping', position, pace, target: { ...target, port: 0 } }],
];
for (const [name, check] of usual)
  t.test(`${name} that says nothing has the defaults of keepalived`, (t) => {
    t.strictSame(checksOf(server(`${name} {`, '}')), [check]);
    t.end();
  });

t.test('DNS_CHECK waits for a retry as long as for a probe', (t) => {
  const delayOf = (...lines: readonly string[]): number | undefined =>
    checksOf(server(...lines))[0]?.pace.retryDelaySeconds;
  t.equal(delayOf('DNS_CHECK {', 'delay_loop 7', '}'), 7);
  t.equal(delayOf('delay_loop 8', 'DNS_CHECK {', '}'), 8);
  t.equal(delayOf('delay_before_retry 9', 'DNS_CHECK {', 'delay_loop 7', '}'), 9);
  t.equal(delayOf('DNS_CHECK {', 'delay_loop 7', 'delay_before_retry 2', '}'), 2);
  t.end();
});

t.test('DNS_CHECK: every type, and names as people write them', (t) => {
  const asked = (...lines: readonly string[]): string => {
    const [check] = checksOf(server('DNS_CHECK {', ...lines, '}'));
    return check?.is === 'dns' ? `${check.type} ${check.name}` : 'none';
  };
  for (const type of ['A', 'NS', 'CNAME', 'SOA', 'PTR', 'MX', 'TXT', 'AAAA', 'SRV', 'CAA', 'HTTPS'])
    t.equal(asked(`type ${type}`, 'name example.org'), `${type} example.org`);
  t.equal(asked('type aaaa', 'name x.y'), 'AAAA x.y', 'a first label of one letter');
  t.equal(asked('name example.org.'), 'SOA example.org');
  t.equal(asked('name .'), 'SOA .');
  t.equal(asked('name _sip._udp.example.org', 'type SRV'), 'SRV _sip._udp.example.org');
  t.end();
});

t.test('UDP_CHECK: bytes in one word, in many, in quotes', (t) => {
  const parts = (...lines: readonly string[]) => {
    const [check] = checksOf(server('UDP_CHECK {', ...lines, '}'));
    return check?.is === 'udp' ? [check.payload, check.reply, check.minReplyLength, check.maxReplyLength] : undefined;
  };
  t.strictSame(parts('payload 0102FF', 'require_reply'), ['0102ff', '', 0, 65_535]);
  t.strictSame(parts('payload 01 02 ff', 'require_reply 6F 3X'), ['0102ff', '6f3x', 0, 255]);
  t.strictSame(parts('payload "01 02 ff"', 'require_reply 6fxX3x'), ['0102ff', '6fxx3x', 0, 255]);
  t.strictSame(parts('payload 00', 'min_reply_length 3', 'max_reply_length 9'), ['00', undefined, 3, 9]);
  t.end();
});

t.test('PING_CHECK has no ports', (t) => {
  const text = server(
    'PING_CHECK {',
    'connect_ip 10.1.0.9',
    'connect_port 7',
    'bind_port 8',
    'bindto 10.0.0.5',
    'via_forwarding',
    '}',
  );
  const [check] = checksOf(text);
  t.strictSame(check?.is === 'ping' && check.target, {
    ...target,
    address: '10.1.0.9',
    port: 0,
    bindAddress: '10.0.0.5',
  });
  t.strictSame(says(text), [
    "8:1: warning: 'connect_port' has no effect: an ICMP echo has no ports",
    "9:1: warning: 'bind_port' has no effect: an ICMP echo has no ports",
    "11:1: warning: 'via_forwarding' has no effect: whoever has the VIP answers an ICMP echo to it himself",
  ]);
  const withoutPort = server('PING_CHECK {', '}')
    .replaceAll(' 80 {', ' {')
    .replace('10.0.0.1', 'fwmark 1')
    .replace('protocol TCP\n', '');
  t.strictSame(says(withoutPort), [], 'and needs none');
  t.end();
});

t.test('each host of SMTP_CHECK is a check of its own', (t) => {
  const lines = ['connect_timeout 9', 'connect_port 2525', 'helo_name me.example', 'retry 4'];
  const first = ['host {', 'connect_ip 10.9.0.1', '}'];
  const second = ['host {', 'connect_ip 10.9.0.2', 'connect_port 26', 'bindto 10.0.0.5', 'connect_timeout 2', '}'];
  const text = server('SMTP_CHECK {', ...first, ...lines, ...second, '}');
  const common = { is: 'smtp', pace: { ...pace, retries: 4 }, heloName: 'me.example' };
  t.strictSame(checksOf(text), [
    {
      ...common,
      position: { ...position, line: 7 },
      target: { ...target, address: '10.9.0.1', port: 2525, timeoutSeconds: 9 },
    },
    {
      ...common,
      position: { ...position, line: 14 },
      target: { ...target, address: '10.9.0.2', port: 26, timeoutSeconds: 2, bindAddress: '10.0.0.5' },
    },
  ]);
  const old = "warning: 'host' is an old way to check more than one address, expected an 'SMTP_CHECK' for each address";
  t.strictSame(says(text), [`7:1: ${old}`, `14:1: ${old}`]);
  t.end();
});

const refused: readonly [name: string, text: string, says: readonly string[]][] = [
  [
    'a DNS type that there is not',
    server('DNS_CHECK {', 'type AAA', '}'),
    [
      "7:6: 'AAA' is no value of type, expected A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, CAA or HTTPS; did you mean 'AAAA'?",
    ],
  ],
  ...['a..b', 'l'.repeat(64), 'müll.example', `${'a.'.repeat(127)}b`, 'a\\b'].map(
    (name): [string, string, readonly string[]] => [
      `the domain name ${name.slice(0, 20)}`,
      server('DNS_CHECK {', `name ${name}`, '}'),
      [
        `7:6: '${name}' is no value of name, expected a domain name in ASCII with labels of 1 to 63 characters (xn--… for others), or . for the root`,
      ],
    ],
  ),
  [
    'UDP_CHECK that takes silence for success',
    server('UDP_CHECK {', 'payload 00', '}'),
    [
      "6:1: warning: 'UDP_CHECK' without 'require_reply' takes silence for success: only an ICMP error takes the server out",
    ],
  ],
  [
    'bytes that are none',
    server('UDP_CHECK {', 'payload 00 1 22', 'require_reply 0y', '}'),
    [
      "7:12: '1' is not hexadecimal, expected pairs of hexadecimal digits",
      "8:15: '0y' is not hexadecimal, expected pairs of hexadecimal digits, x for any digit",
    ],
  ],
  [
    'a wildcard in what is sent',
    server('UDP_CHECK {', 'payload 0x', 'require_reply', '}'),
    ["7:9: '0x' is not hexadecimal, expected pairs of hexadecimal digits"],
  ],
  [
    'a payload without bytes',
    server('UDP_CHECK {', 'payload', 'require_reply', '}'),
    ["7:1: 'payload' lacks a value, expected pairs of hexadecimal digits"],
  ],
  [
    'lengths that no reply has',
    server('UDP_CHECK {', 'require_reply', 'min_reply_length 9', 'max_reply_length 8', '}'),
    ["8:18: no reply has min_reply_length 9 and at most 8, expected a greater 'max_reply_length'"],
  ],
  [
    'a reply that is longer than a reply may be',
    server('UDP_CHECK {', 'require_reply 010203', 'max_reply_length 2', '}'),
    ["7:15: no reply has 3 bytes of require_reply and at most 2, expected a greater 'max_reply_length'"],
  ],
  [
    'a name that would be another command of SMTP',
    server('SMTP_CHECK {', 'helo_name "a b"', '}'),
    ["7:11: 'a b' is no value of helo_name, expected a host name, at most 255 characters without spaces"],
  ],
];
for (const [name, text, expected] of refused)
  t.test(`complains: ${name}`, (t) => {
    t.strictSame(says(text), expected);
    t.end();
  });

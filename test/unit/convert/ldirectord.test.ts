import * as fc from 'fast-check';
import t from 'tap';
import { Diagnostics, formatDiagnostic } from '../../../src/config/diagnostics.js';
import { lint } from '../../../src/config/lint.js';
import { readConfiguration } from '../../../src/config/read.js';
import { configurationText } from '../../../src/convert/items.js';
import { configurationOfLdirectord } from '../../../src/convert/ldirectord/ldirectord.js';
import type { Resolver } from '../../../src/convert/ldirectord/servers.js';

const resolver: Resolver = {
  host: (name, family) => (family === 'ip4' && name === 'www1' ? '10.1.0.1' : undefined),
  port: (name) =>
    new Map([
      ['http', 80],
      ['domain', 53],
    ]).get(name),
};

interface Told {
  readonly text: string;
  readonly says: readonly string[];
}

function converted(text: string): Told {
  const diagnostics = new Diagnostics();
  const items = configurationOfLdirectord({ file: 'f', text }, resolver, diagnostics);
  return {
    text: configurationText(items),
    says: diagnostics.sorted(['f']).map((one) => formatDiagnostic(one).replace(/^f:/, '')),
  };
}

/** What the language says against a text. */
const errorsOf = (text: string): readonly string[] =>
  readConfiguration({ file: 'f', text })
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(formatDiagnostic);

const SAMPLE = `# a site
checktimeout = 3
checkinterval = 5
failurecount = 3
fallback = 127.0.0.1:80 gate
quiescent = yes
emailalert = "ops@example.org, noc@example.org"
smtp = mail.example.org
cleanstop = no

virtual=192.0.2.10:80
\treal=10.1.0.2->10.1.0.4:80 gate 5
\treal=10.1.0.9:8080 masq "other.html", "fine"
    service=http # spoken
    request="health.html"
    receive="Site is \\d+ \\"up\\""
    virtualhost=www.example.org
    scheduler=wlc
    persistent=600
    netmask=255.255.255.0
    protocol=tcp
    checktype=negotiate
`;

t.test('a site', (t) => {
  const { text, says } = converted(SAMPLE);
  t.strictSame(says, []);
  t.equal(
    text,
    `global_defs {
    notification_email {
        ops@example.org
        noc@example.org
    }
    smtp_server mail.example.org
    lvs_stop keep
}

virtual_server 192.0.2.10 80 {
    delay_loop 5
    lvs_sched wlc
    lvs_method DR
    protocol TCP
    persistence_timeout 600
    persistence_granularity 255.255.255.0
    alpha
    inhibit_on_failure
    smtp_alert
    sorry_server 127.0.0.1 80
    sorry_server_lvs_method DR
    sorry_server_inhibit
${[2, 3, 4]
  .map(
    (last) => `    real_server 10.1.0.${last} 80 {
        weight 5
        HTTP_GET {
            virtualhost www.example.org
            url {
                path /health.html
                regex "Site is \\d+ \\x22up\\x22"
            }
            connect_timeout 3
            retry 2
            delay_before_retry 5
        }
    }
`,
  )
  .join('')}    real_server 10.1.0.9 8080 {
        weight 1
        lvs_method NAT
        HTTP_GET {
            virtualhost www.example.org
            url {
                path /other.html
                regex "fine"
            }
            connect_timeout 3
            retry 2
            delay_before_retry 5
        }
    }
}
`,
  );
  t.strictSame(errorsOf(text), []);
  t.end();
});

/** The check that a section's lines become, for a server 10.1.0.1:80 of 192.0.2.1:80. */
const checkFrom = (virtual: string, ...lines: readonly string[]): Told =>
  converted(`virtual=${virtual}\n${['real=10.1.0.1 masq', ...lines].map((line) => `\t${line}\n`).join('')}`);

const checks: readonly [
  name: string,
  virtual: string,
  lines: readonly string[],
  text: RegExp,
  says: readonly RegExp[],
][] = [
  ['connect', '192.0.2.1:80', ['checktype=connect'], /TCP_CHECK \{\n +connect_timeout 5\n +retry 0\n/, []],
  ['connect by UDP is a ping', '192.0.2.1:5000', ['protocol=udp', 'checktype=connect'], /PING_CHECK \{/, []],
  ['ping', '192.0.2.1:80', ['checktype=ping', 'checkcount=3'], /PING_CHECK \{\n +connect_timeout 5\n +retry 2\n/, []],
  [
    'http is known by its port',
    '192.0.2.1:80',
    [],
    /HTTP_GET \{\n +url \{\n +path \/\n +\}\n +connect_timeout 30\n/,
    [],
  ],
  [
    'https with a name',
    '192.0.2.1:443',
    ['virtualhost="a.example"'],
    /SSL_GET \{\n +virtualhost a.example\n +enable_sni\n/,
    [],
  ],
  ['another port', '192.0.2.1:80', ['checktype=connect', 'checkport=8081'], /TCP_CHECK \{\n +connect_port 8081\n/, []],
  [
    'a mark knows no port',
    '5',
    ['checktype=connect'],
    /real_server 10.1.0.1 \{\n +weight 1\n +# not carried over/,
    [/^2:7: .*no port is known/],
  ],
  ['a mark with a service', '5', ['service=http'], /HTTP_GET \{\n +url \{\n +path \/\n +\}\n +connect_port 80\n/, []],
  [
    'a command',
    '192.0.2.1:80',
    ['checktype=external', 'checkcommand="/etc/ask me"', 'checktimeout=7'],
    /MISC_CHECK \{\n +misc_path "\/etc\/ask me 192.0.2.1 80 10.1.0.1 80"\n +misc_timeout 7\n/,
    [],
  ],
  [
    'a Perl command',
    '192.0.2.1:80',
    ['checktype=external-perl', 'checkcommand=/etc/ask'],
    /MISC_CHECK/,
    [/^3:12: .*program of its own/],
  ],
  ['smtp', '192.0.2.1:25', ['negotiatetimeout=9'], /SMTP_CHECK \{\n +connect_timeout 9\n/, []],
  [
    'dns',
    '192.0.2.1:53',
    ['request="www.example"'],
    /protocol UDP[^]*DNS_CHECK \{\n +type A\n +name www.example\n/,
    [],
  ],
  ['dns in reverse', '192.0.2.1:53', ['request="10.9.8.7"'], /type PTR\n +name 7.8.9.10.in-addr.arpa\n/, []],
  [
    'dns with an answer',
    '192.0.2.1:53',
    ['request="www.example"', 'receive="1.2.3.4"'],
    /DNS_CHECK/,
    [/^4:10: .*any answer that has no error/],
  ],
  [
    'what no check speaks',
    '192.0.2.1:3306',
    ['login="me"', 'passwd="secret"'],
    /TCP_CHECK/,
    [/^1:1: .*no check speaks mysql/, /^3:2: .*login = "me"/, /^4:2: .*passwd: /],
  ],
  ['connects between negotiations', '192.0.2.1:80', ['checktype=5'], /HTTP_GET/, [/^3:12: .*each check negotiates/]],
  ['no service', '192.0.2.1:9999', [], /real_server 10.1.0.1 9999 \{\n +weight 1\n +\}/, []],
  ['on', '192.0.2.1:80', ['checktype=on'], /protocol TCP\n +real_server 10.1.0.1 80 \{\n +weight 1\n +\}/, []],
  ['off', '192.0.2.1:80', ['checktype=off'], /weight 0\n +\}/, [/^3:12: .*weight 0/]],
  ['HEAD', '192.0.2.1:80', ['httpmethod=HEAD'], /HTTP_GET/, [/^3:13: .*GET is used/]],
  [
    'a request to another address',
    '192.0.2.1:80',
    ['request="http://10.8.8.8/x"'],
    /virtualhost 10.8.8.8\n +connect_ip 10.8.8.8\n +url \{\n +path \/x\n/,
    [],
  ],
  [
    'a pattern of Perl alone',
    '192.0.2.1:80',
    ['receive="a(?{ 1 })b"'],
    /# not carried over from line 2: receive/,
    [/^2:7: .*pattern cannot be carried over/],
  ],
  ['an unknown scheduler', '192.0.2.1:80', ['scheduler=fancy'], /lvs_sched wlc/, [/^3:12: .*scheduler = fancy/]],
  [
    'a fallback command',
    '192.0.2.1:80',
    ['fallbackcommand="/etc/tell x"'],
    /quorum_down "\/etc\/tell x start"\n +quorum_up "\/etc\/tell x stop"/,
    [],
  ],
  [
    'DR cannot change the port',
    '192.0.2.1:80',
    ['real=10.1.0.2:81 gate'],
    /real_server 10.1.0.2 80 \{/,
    [/^3:7: .*DR cannot change the port/],
  ],
  [
    'a server twice',
    '192.0.2.1:80',
    ['real=10.1.0.1:80 masq'],
    /# not carried over from line 3/,
    [/^3:7: .*there already/],
  ],
];
for (const [name, virtual, lines, expected, says] of checks)
  t.test(`a check: ${name}`, (t) => {
    const told = checkFrom(virtual, ...lines);
    t.match(told.text, expected);
    t.match(told.says, says);
    t.equal(told.says.length, says.length, told.says.join('\n'));
    t.strictSame(errorsOf(told.text), [], told.text);
    t.notMatch(told.text, /secret/, 'passwords are not copied');
    t.end();
  });

const global: readonly [name: string, line: string, says: readonly RegExp[]][] = [
  ['autoreload', 'autoreload = yes', [/^1:1: warning: autoreload = yes: .*SIGHUP/]],
  [
    'what is so anyway',
    'autoreload = no\nfork = yes\nsupervised = yes\nemailalertstatus = all\nemailalertfreq = 0',
    [],
  ],
  ['callback and logfile', 'callback = "/etc/copy"\nlogfile="local0"', [/^1:1: .*callback/, /^2:1: .*logfile/]],
  ['maintenancedir', 'maintenancedir = /etc/ha.d/out', [/^1:1: .*lvsctl weight/]],
];
for (const [name, line, says] of global)
  t.test(`outside of sections: ${name}`, (t) => {
    const told = converted(`${line}\n`);
    t.match(told.says, says);
    t.equal(told.says.length, says.length, told.says.join('\n'));
    t.equal(told.text.split('# not carried over').length - 1, says.length, told.text);
    t.end();
  });

const refused: readonly [name: string, text: string, says: readonly RegExp[]][] = [
  [
    'an unknown word',
    'checktimout = 3',
    [/^1:1: 'checktimout' is no directive of ldirectord; did you mean 'checktimeout'\?$/],
  ],
  ['a word of former times', 'timeout = 3', [/^1:1: .*did you mean 'checktimeout'/]],
  [
    'a word in the wrong place',
    'real = 10.1.0.1 gate',
    [/^1:1: 'real' stands in the wrong place, expected it below a virtual, indented$/],
  ],
  ['indented below nothing', '\treal = 10.1.0.1 gate', [/^1:2: .*below no virtual/]],
  ['no directive', 'virtual', [/^1:1: this is no directive, expected 'word = value'$/]],
  [
    'no number',
    'virtual=192.0.2.1:80\n\treal=10.1.0.1 gate\n\tchecktimeout = 5s',
    [/^3:17: '5s' is no value of checktimeout, expected a whole number from 1$/],
  ],
  [
    'yes or no',
    'virtual=192.0.2.1:80\n\treal=10.1.0.1 gate\n\tquiescent=maybe',
    [/^3:12: 'maybe' is no value of quiescent, expected yes, no$/],
  ],
  [
    'no address',
    'virtual=nowhere:80\n\treal=10.1.0.1 gate',
    [/^1:9: 'nowhere' is no address and no name that is known here/],
  ],
  ['no port', 'virtual=192.0.2.1\n\treal=10.1.0.1 gate', [/^1:9: '192.0.2.1' has no port/]],
  [
    'a server of another family',
    'virtual=192.0.2.1:80\n\treal=[2001:db8::1]:80 gate',
    [/^2:7: 2001:db8::1 is not of the family/],
  ],
  ['no method', 'virtual=192.0.2.1:80\n\treal=10.1.0.1 nat', [/^2:7: this is no real server, expected ADDRESS/]],
  [
    'an empty range',
    'virtual=192.0.2.1:80\n\treal=10.1.0.9->10.1.0.2 gate',
    [/^2:7: the range 10.1.0.9->10.1.0.2 is empty/],
  ],
  [
    'a range of a whole network',
    'virtual=192.0.2.1:80\n\treal=10.0.0.1->10.255.0.1 gate',
    [/^2:7: .*more than 4096 servers/],
  ],
  [
    'a service twice',
    'virtual=192.0.2.1:80\n\treal=10.1.0.1 gate\nvirtual=192.0.2.1:http\n\treal=10.1.0.1 gate',
    [/^3:1: .*there already, in line 1/],
  ],
  [
    'a protocol of a mark',
    'virtual=3\n\treal=10.1.0.1 gate\n\tprotocol=tcp',
    [/^3:11: 'tcp' does not fit virtual = 3, expected fwm/],
  ],
  [
    'a netmask as a length',
    'virtual=192.0.2.1:80\n\treal=10.1.0.1 gate\n\tpersistent=5\n\tnetmask=24',
    [/^4:10: '24' is no netmask/],
  ],
];
for (const [name, text, says] of refused)
  t.test(`refused: ${name}`, (t) => {
    const errors = converted(text).says.filter((one) => !one.includes('warning:'));
    t.match(errors, says);
    t.equal(errors.length, says.length, errors.join('\n'));
    t.end();
  });

t.test('IPv6', (t) => {
  const { text, says } = converted(
    'fallback6 = [::1]:80\nvirtual6=[2001:db8::10]:80\n\treal6=[2001:db8:1::1]:80 ipip 2\n\tpersistent=60\n\tnetmask=64\n\tchecktype=connect\nvirtual6=9\n\treal6=[2001:db8:1::2] gate\n\tchecktype=on\n',
  );
  t.strictSame(says, []);
  t.match(
    text,
    /virtual_server 2001:db8::10 80 \{[^]*persistence_granularity 64[^]*sorry_server ::1 80\n[^]*real_server 2001:db8:1::1 80 \{\n +weight 2/,
  );
  t.match(text, /virtual_server fwmark 9 \{\n +ip_family inet6\n/);
  t.strictSame(errorsOf(text), []);
  t.end();
});

t.test('nothing that was made is advised against', (t) => {
  const { configuration } = readConfiguration({
    file: 'f',
    text: converted(SAMPLE.replace('quiescent = yes', '')).text,
  });
  t.strictSame(configuration === undefined ? undefined : lint(configuration).map(formatDiagnostic), []);
  t.end();
});

t.test('any text at all: complaints, or a configuration without errors', (t) => {
  const word = fc.constantFrom(
    ...[
      'virtual=192.0.2.1:80',
      'virtual6=[::1]:80',
      'virtual=7',
      '\treal=10.1.0.1->10.1.0.3:80 masq 3',
      '    real=www1 gate',
      '\tservice=http',
    ],
    ...[
      '\trequest="a b"',
      '\treceive="("',
      '\treceive="\\\\""',
      '\tchecktype=external',
      '\tcheckcommand="x \'y\'"',
      '\tchecktype=ping',
      'quiescent=yes',
    ],
    ...[
      '\tfallback=127.0.0.1',
      '\tpersistent=600',
      '\tnetmask=1.2.3.4',
      '\tscheduler=sh',
      '\tops=yes',
      '\tprotocol=udp',
      '\temailalert=a@b',
      '# x',
    ],
  );
  const lines = fc.array(fc.oneof({ weight: 9, arbitrary: word }, { weight: 1, arbitrary: fc.string() }), {
    maxLength: 15,
  });
  fc.assert(
    fc.property(lines, (lines) => {
      const { text, says } = converted(lines.join('\n'));
      if (says.every((one) => one.includes(' warning: ')))
        t.strictSame(errorsOf(text), [], `${lines.join('\n')}\n\n${text}`);
    }),
    { numRuns: 500 },
  );
  t.end();
});

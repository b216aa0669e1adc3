import fc from 'fast-check';
import t from 'tap';
import { readDeclared } from '../../../src/declare/read.js';
import type { DeclaredCheck, DeclaredService } from '../../../src/declare/service.js';
import { linesOf } from '../../../src/declare/text.js';
import { configurationOf } from '../../helpers/configuration.js';
import { declared, server } from '../../helpers/declared-site.js';

/** Without where it stands. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, one: unknown) =>
      key === 'position' || key === 'name' ? undefined : one instanceof RegExp ? String(one) : one,
    ),
  );

const same = (service: DeclaredService, text: string): void => {
  const { virtual, complaints } = readDeclared(service);
  t.same(complaints, []);
  t.same(plain(virtual), plain(configurationOf(text).virtualServers[0]));
};

t.test('all that a service may say, as the file would say it', (t) => {
  same(
    declared(1, [], {
      scheduler: 'mh',
      schedulerFlags: ['fallback', 'port'],
      persistenceSeconds: 60,
      persistenceNetmask: '255.255.255.0',
      persistenceEngine: 'sip',
      method: 'tunnel',
      tunnel: { type: 'gue', port: 6080, checksum: true },
      delayLoopSeconds: 2.5,
      quorum: 2,
      hysteresis: 1,
      alpha: true,
      haSuspend: true,
      inhibitOnFailure: true,
      onFailure: { do: 'drain', seconds: 20 },
      onRemoval: { do: 'cut' },
      slowStart: { seconds: 30, fromPercent: 20 },
      guardPercent: 50,
      check: { type: 'tcp', connectTimeoutSeconds: 1 },
      sorryServer: { address: '10.9.9.9', method: 'direct-route' },
      destinations: [
        server(1, 1, { weight: 3, upperThreshold: 100, lowerThreshold: 50, method: 'direct-route' }),
        server(1, 2, { inhibitOnFailure: false, check: { type: 'none' } }),
      ],
    }),
    `virtual_server 192.0.2.1 80 {
      protocol TCP
      lvs_sched mh
      mh-fallback
      mh-port
      persistence_timeout 60
      persistence_granularity 255.255.255.0
      persistence_engine sip
      lvs_method TUN type gue port 6080 csum
      delay_loop 2.5
      quorum 2
      hysteresis 1
      alpha
      ha_suspend
      inhibit_on_failure
      dead_flows drain 20
      removed_flows cut
      slow_start 30 20
      pool_guard 50
      sorry_server 10.9.9.9
      sorry_server_lvs_method DR
      real_server 10.0.1.1 80 {
        weight 3
        uthreshold 100
        lthreshold 50
        lvs_method DR
        TCP_CHECK { connect_timeout 1 }
      }
      real_server 10.0.1.2 80 { inhibit_on_failure off }
    }`,
  );
  t.end();
});

t.test('a service of the userspace engine, and one by fwmark', (t) => {
  same(
    {
      id: 'any-198.51.100.0_24-0',
      by: 'address',
      protocol: 'any',
      address: '198.51.100.0',
      prefixLength: 24,
      engine: 'userspace',
      method: 'l3dsr',
      dscp: 7,
      userspace: { maglevSize: 251, hashFields: ['ip_src'], interfaces: ['eth0', 'eth1'], udpTimeoutSeconds: 5 },
      destinations: [{ id: '10.0.0.1-0', address: '10.0.0.1', port: 0 }],
    },
    `virtual_server 198.51.100.0/24 {
      protocol ANY
      lvs_engine userspace
      lvs_sched maglev
      lvs_method L3DSR dscp 7
      maglev_size 251
      hash_fields ip_src
      interfaces eth0 eth1
      udp_timeout 5
      real_server 10.0.0.1 { }
    }`,
  );
  same(
    {
      id: 'fwmark-7-ip6',
      by: 'fwmark',
      mark: 7,
      family: 'ip6',
      method: 'tunnel',
      destinations: [{ id: '10.0.0.1-0', address: '10.0.0.1', port: 0 }],
    },
    'virtual_server fwmark 7 {\nip_family inet6\nlvs_sched wlc\nlvs_method TUN\nreal_server 10.0.0.1 { }\n}',
  );
  t.end();
});

const checks: readonly [check: DeclaredCheck, text: string][] = [
  [
    { type: 'tcp', intervalSeconds: 3, retries: 4, delayBeforeRetrySeconds: 1, rise: 2, connectPort: 81 },
    'TCP_CHECK {\ndelay_loop 3\nretry 4\ndelay_before_retry 1\nrise 2\nconnect_port 81\n}',
  ],
  [
    { type: 'http', urls: [{ path: '/a b', statusCodes: ['200-204', '404'], regex: '^a\\d+ "?', regexAbsent: true }] },
    '',
  ],
  [
    {
      type: 'http',
      protocol: '1.1',
      virtualHost: 'a.example',
      fastRecovery: true,
      urls: [
        {
          path: '/a b?x=$y',
          statusCodes: ['200-204', '404'],
          regex: '^a\\d+$',
          regexAbsent: true,
          digest: 'a'.repeat(32),
          virtualHost: 'b.example',
        },
      ],
    },
    `HTTP_GET {\nhttp_protocol 1.1\nvirtualhost a.example\nfast_recovery\nurl {\npath "/a b?x=$y"\nstatus_code 200-204 404\nregex "^a\\d+$"\nregex_no_match\ndigest ${'a'.repeat(32)}\nvirtualhost b.example\n}\n}`,
  ],
  [
    {
      type: 'https',
      verify: true,
      verifyName: 'a.example',
      certificateWarnDays: 20,
      certificateFailDays: 2,
      serverName: 'b.example',
      urls: [{ path: '/' }],
    },
    'SSL_GET {\ntls_verify\ntls_verify_name a.example\ncertificate_warn 20\ncertificate_fail 2\nsni_name b.example\nurl {\npath /\n}\n}',
  ],
  [
    { type: 'udp', payload: '00ff', reply: 'x1', minReplyLength: 1, maxReplyLength: 9 },
    'UDP_CHECK {\npayload 00ff\nrequire_reply x1\nmin_reply_length 1\nmax_reply_length 9\n}',
  ],
  [{ type: 'ping', warmupSeconds: 0 }, 'PING_CHECK {\nwarmup 0\n}'],
  [{ type: 'dns', recordType: 'a', name: 'example.org' }, 'DNS_CHECK {\ntype A\nname example.org\n}'],
  [{ type: 'smtp', heloName: 'me', bindAddress: '10.0.0.9' }, 'SMTP_CHECK {\nhelo_name me\nbindto 10.0.0.9\n}'],
  [
    { type: 'grpc', service: 'a.B', host: 'x:1', tls: true, verify: false },
    'GRPC_CHECK {\nservice a.B\nauthority x:1\ntls\ntls_verify off\n}',
  ],
];

t.test('every kind of check', (t) => {
  for (const [check, text] of checks)
    if (text !== '')
      same(
        declared(1, [1], { check }),
        `virtual_server 192.0.2.1 80 {\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\nreal_server 10.0.1.1 80 {\n${text}\n}\n}`,
      );
  t.end();
});

t.test('what cannot be written, or not read, is complained about at its place', (t) => {
  const complaintsOf = (service: unknown): string[] =>
    readDeclared(service as DeclaredService).complaints.map(({ pointer }) => pointer);
  const wrong: [more: object, pointers: string[]][] = [
    [{ scheduler: 'rr"\n}' }, ['/scheduler']],
    [{ scheduler: 'rr\n}' }, ['/scheduler']],
    [{ check: checks[1]![0] }, ['/check/urls/0/regex']],
    [{ check: { type: 'http', urls: [{ path: '/${_ENV HOME}' }] } }, ['/check/urls/0/path']],
    [{ check: { type: 'http', urls: [{ path: '/$_HASH' }] } }, ['/check/urls/0/path']],
    [{ check: { type: 'misc', script: '/bin/sh' } }, ['/check/type']],
    [{ check: { type: 'http', urls: [] } }, ['/check']],
    [{ check: { type: 'tcp', 'a/b~c': 1 } }, ['/check/a~1b~0c']],
    [{ quorum: 'many' }, ['/quorum']],
    [{ quorum: 1e30 }, ['/quorum']],
    [{ onRemoval: { do: 'drain' } }, ['/onRemoval']],
    [{ onRemoval: { do: 'keep' } }, ['/onRemoval']],
    [{ dscp: 7 }, ['/dscp']],
    [{ method: 'tunnel', tunnel: { type: 'gue' } }, ['/method']],
    [{ userspace: { maglevSize: 251 } }, ['/userspace/maglevSize']],
    [{ address: '192.0.2.1 80 { } #' }, ['']],
    [{ by: 'group' }, ['/by']],
    [{ port: 81 }, ['/id']],
    [{ family: 'ip6' }, ['/family']],
    [{ destinations: [server(1, 1), server(1, 1)] }, ['/destinations/1']],
    [{ destinations: [{ ...server(1, 1), id: 'x' }] }, ['/destinations/0/id']],
    [{ destinations: [server(1, 1, { method: 'direct-route', port: 81, id: '10.0.1.1-81' })] }, ['/destinations/0']],
    [{ destinations: 7 }, ['/destinations']],
  ];
  for (const [more, pointers] of wrong)
    t.same(complaintsOf({ ...declared(1, [1]), ...more }), pointers, JSON.stringify(more));
  t.same(complaintsOf(null), ['']);
  t.same([...new Set(complaintsOf({}))].sort(), ['', '/by', '/destinations']);
  t.end();
});

t.test(
  'whatever is told: lines that mean what was told, or complaints; never an exception, never another statement',
  (t) => {
    const keys = Object.keys(declared(1)).concat(
      'method',
      'tunnel',
      'check',
      'userspace',
      'sorryServer',
      'quorum',
      'name',
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), fc.jsonValue(), { maxKeys: 6 }), (more) => {
        const service = Object.assign(declared(1, [1]), more);
        const { virtual, complaints } = readDeclared(service);
        return (virtual === undefined) === complaints.length > 0;
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (path) => {
        const service = declared(1, [1], { check: { type: 'http', urls: [{ path }] } });
        const check = readDeclared(service).virtual?.realServers[0]?.checks[0];
        return check === undefined || (check.is === 'http' && check.urls[0]?.path === path);
      }),
      { numRuns: 500 },
    );
    t.end();
  },
);

t.test('the same document is read once', (t) => {
  const service = declared(1);
  t.equal(readDeclared(service), readDeclared(service));
  t.ok(linesOf(service).texts.length > 3);
  t.end();
});

import t from 'tap';
import type { VirtualServer } from '../../../src/config/configuration.js';
import { mailText, pipeLine } from '../../../src/notify/words.js';
import { configurationOf } from '../../helpers/configuration.js';

const virtualOf = (header: string, more = 'protocol TCP', before = '', server = '10.9.8.5 8080'): VirtualServer => {
  const text = `${before}
virtual_server ${header} {
lb_algo rr
lb_kind NAT
quorum 4
hysteresis 1
${more}
real_server ${server} {
weight 5
}
}`;
  return configurationOf(text).virtualServers[0]!;
};

const rows: readonly (readonly [what: string, virtual: () => VirtualServer, quorum: string, server: string])[] = [
  [
    'an address',
    () => virtualOf('10.0.8.5 80'),
    'VS [10.0.8.5]:tcp:80 UP\n',
    'RS [10.9.8.5]:tcp:8080 [10.0.8.5]:tcp:80 UP\n',
  ],
  [
    'UDP over IPv6',
    () => virtualOf('2001:DB8::5 53', 'protocol UDP', '', '2001:db8::9 53'),
    'VS [2001:db8::5]:udp:53 UP\n',
    'RS [2001:db8::9]:udp:53 [2001:db8::5]:udp:53 UP\n',
  ],
  [
    'a prefix of the userspace engine',
    () => virtualOf('10.0.8.0/24', 'protocol ANY', 'global_defs {\nlvs_engine userspace\n}', '10.9.8.5'),
    'VS [10.0.8.0/24]:any:0 UP\n',
    'RS [10.9.8.5]:any:0 [10.0.8.0/24]:any:0 UP\n',
  ],
  ['a mark', () => virtualOf('fwmark 7', ''), 'VS FWM 7 UP\n', 'RS [10.9.8.5]:none:8080 FWM 7 UP\n'],
  [
    'a group',
    () => virtualOf('group web', 'protocol TCP', 'virtual_server_group web {\n10.0.8.5 80\n10.0.8.6 80\n}'),
    'VS [web]:0 UP\n',
    'RS [10.9.8.5]:tcp:8080 [web]:0 UP\n',
  ],
];
for (const [what, virtualFor, quorum, server] of rows)
  t.test(`lines of pipes: ${what}`, (t) => {
    const virtual = virtualFor();
    t.equal(pipeLine({ virtual }, true), quorum);
    t.equal(pipeLine({ virtual }, false), quorum.replace('UP', 'DOWN'));
    t.equal(pipeLine({ virtual, server: virtual.realServers[0]! }, true), server);
    t.end();
  });

t.test('mails', (t) => {
  const virtual = virtualOf('10.0.8.5 80');
  const server = virtual.realServers[0]!;
  const of = (
    subject: Parameters<typeof mailText>[1],
    isUp: boolean,
    because: Parameters<typeof mailText>[3],
  ): string => Object.values(mailText('lb1', subject, isUp, because)).join('|');
  const head = '[lb1] Realserver [10.9.8.5]:tcp:8080 of virtual server [10.0.8.5]:tcp:80';
  t.equal(
    of({ virtual, server }, false, { check: 'tcp', detail: 'refused' }),
    `${head} - DOWN|=> TCP CHECK failed on service <=\n\nrefused\n`,
  );
  t.equal(of({ virtual, server }, true, {}), `${head} - UP|=> CHECK succeed on service <=\n`);
  t.equal(of({ virtual, server }, false, { leaving: 'removed' }), `${head} - DOWN|=> Removing <=\n`);
  t.equal(of({ virtual, server }, false, { leaving: 'stopping' }), `${head} - DOWN|=> Shutting down <=\n`);
  const whole = '[lb1] Virtualserver [10.0.8.5]:tcp:80';
  t.equal(of({ virtual }, false, { weight: 2 }), `${whole} - DOWN|=> Lost quorum 4+1=3 <= 2 <=\n`);
  t.equal(of({ virtual }, true, { weight: 5 }), `${whole} - UP|=> Gained quorum 4+1=5 <= 5 <=\n`);
  t.equal(of({ virtual }, true, { atStart: true }), `${whole} - UP|=> Starting with quorum up 4+1=5 <=\n`);
  t.end();
});

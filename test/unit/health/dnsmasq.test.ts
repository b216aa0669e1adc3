/** DNS_CHECK against a real name server (dnsmasq), in a network namespace of its own. */
import '../../helpers/own-namespace.js';
import t from 'tap';
import type { DnsCheck, DnsType } from '../../../src/config/check.js';
import { attemptDns } from '../../../src/health/dns.js';
import { systemClock } from '../../../src/system/clock.js';
import { anyCheck, probePorts, targetAt } from '../../helpers/probe-ports.js';
import { running, stop, unlessInstalled } from '../../helpers/program.js';

const never = new AbortController().signal;
const world = probePorts(systemClock, 0.25);
const PORT = 53;

const dns = (type: DnsType, name: string, address = '127.0.0.1', timeoutSeconds = 60): DnsCheck => ({
  is: 'dns',
  ...anyCheck,
  target: targetAt(PORT, { address, timeoutSeconds }),
  type,
  name,
});

const args = [
  ...['--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=root', '--pid-file'],
  ...['--listen-address=127.0.0.1', '--listen-address=::1', '--bind-interfaces', `--port=${PORT}`],
  ...['--local=/example/', '--host-record=www.example,192.0.2.1,2001:db8::1', '--host-record=x.example,192.0.2.2'],
  ...['--txt-record=www.example,all is well', '--mx-host=example,mail.example,10', '--cname=alias.example,www.example'],
  ...['--srv-host=_sip._udp.example,www.example,5060', '--caa-record=example,0,issue,ca.example'],
  ...['--ptr-record=1.2.0.192.in-addr.arpa,www.example'],
];

t.test('DNS: dnsmasq', { skip: unlessInstalled('dnsmasq') }, async (t) => {
  const answers = async (): Promise<boolean> =>
    (await attemptDns(dns('A', 'www.example', '::1', 5), world, never)).is === 'alive';
  const dnsmasq = await running(t, 'dnsmasq', args, answers);

  const rows: [type: DnsType, name: string, detail: RegExp][] = [
    ['A', 'www.example', /^NOERROR for A of www\.example, 1 record$/],
    ['A', 'WWW.Example', /1 record/],
    ['A', 'x.example', /1 record/],
    ['AAAA', 'www.example', /1 record/],
    ['TXT', 'www.example', /1 record/],
    ['MX', 'example', /1 record/],
    ['CNAME', 'alias.example', /1 record/],
    ['SRV', '_sip._udp.example', /1 record/],
    ['CAA', 'example', /1 record/],
    ['PTR', '1.2.0.192.in-addr.arpa', /1 record/],
    ['HTTPS', 'www.example', /0 records/],
  ];
  for (const [type, name, detail] of rows) {
    for (const address of ['127.0.0.1', '::1']) {
      const outcome = await attemptDns(dns(type, name, address), world, never);
      t.equal(outcome.is, 'alive', `${type} ${name} at ${address}: ${outcome.detail}`);
      t.match(outcome.detail, detail);
    }
  }
  t.match(await attemptDns(dns('A', 'nowhere.example'), world, never), {
    is: 'failed',
    why: 'answer',
    detail: 'NXDOMAIN for A of nowhere.example',
  });
  t.match(await attemptDns(dns('SOA', '.'), world, never), {
    is: 'failed',
    why: 'answer',
    detail: 'REFUSED for SOA of .',
  });

  dnsmasq.kill('SIGSTOP');
  t.match(await attemptDns(dns('A', 'www.example', '127.0.0.1', 0.3), world, never), {
    is: 'failed',
    why: 'timeout',
    detail: 'no answer within 300 ms',
  });
  dnsmasq.kill('SIGCONT');
  t.equal((await attemptDns(dns('A', 'www.example'), world, never)).is, 'alive');

  await stop(dnsmasq);
  for (const address of ['127.0.0.1', '::1']) {
    const begun = performance.now();
    t.match(await attemptDns(dns('A', 'www.example', address), world, never), { is: 'failed', why: 'refused' });
    t.ok(performance.now() - begun < 30_000, 'at once, not after the timeout');
  }
});

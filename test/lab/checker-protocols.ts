/** The checkers that ask a server in its own protocol, each with such a server. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { makeAuthority } from '../helpers/certificates.js';
import { unlessInstalled } from '../helpers/program.js';
import { address, at, type Checker, folder, outAndBack, timedOut } from './checker-case.js';
import { dnsmasq, exim, grpcServer, nghttpd, nginx, peer, put, Switch } from './checker-servers.js';
import type { Network } from './topology.js';

export function tcp(): Checker {
  const server = peer('farm', 'tcp', address.tcp);
  return {
    what: 'TCP_CHECK: a server whose process is killed is out, and in again when it was started',
    server: address.tcp,
    real: `TCP_CHECK {\n}`,
    start: server.start,
    steps: outAndBack(
      address.tcp,
      { what: 'killed', act: server.kill, because: /refused/ },
      { what: 'started', act: server.start },
    ),
  };
}

/** One nginx for two of them, another for the one that is frozen. */
export function web(): Checker[] {
  const skip = unlessInstalled('nginx');
  const authority = makeAuthority(folder);
  const { certificate, key } = authority.issue('web', 20);
  const secure = `ssl_certificate ${certificate}; ssl_certificate_key ${key};`;
  const [sick, strange] = [new Switch(at('sick')), new Switch(at('strange'))];
  const first = nginx(
    'farm',
    at('nginx'),
    `server { listen ${address.http}:80; location / { if (-f ${sick.path}) { return 503; } return 200 "hello"; } }
     server { listen ${address.h2}:443 ssl http2; ${secure}
       location / { if (-f ${strange.path}) { return 200 "goodbye"; } return 200 "hello"; } }`,
  );
  const second = nginx(
    'farm',
    at('nginx-tls'),
    `server { listen ${address.ssl}:443 ssl; ${secure} location / { return 200 "hello"; } }`,
  );
  const digest = createHash('md5').update('hello').digest('hex');
  return [
    {
      what: 'HTTP_GET: a server that answers 503 is out until it answers 200',
      server: address.http,
      skip,
      real: `HTTP_GET {\nurl {\npath /\nstatus_code 200\n}\n}`,
      start: first.start,
      steps: outAndBack(address.http, { what: '503', act: sick.on, because: /503/ }, { what: '200', act: sick.off }),
    },
    {
      what: 'SSL_GET with http_protocol 2: a server with a page of another digest is out until it has the right one',
      server: address.h2,
      port: 443,
      skip,
      real: `SSL_GET {\nhttp_protocol 2\nurl {\npath /\ndigest ${digest}\n}\n}`,
      steps: outAndBack(
        address.h2,
        { what: 'another page', act: strange.on, because: /digest/ },
        { what: 'the page', act: strange.off },
      ),
    },
    {
      what: 'SSL_GET with tls_verify: a server that is frozen, though its port is open, is out until it goes on',
      server: address.ssl,
      port: 443,
      skip,
      real: `SSL_GET {
        tls_verify
        tls_ca ${authority.certificate}
        tls_verify_name www.example.com
        url {\npath /\nstatus_code 200\n}\n}`,
      start: second.start,
      steps: outAndBack(
        address.ssl,
        { what: 'frozen', act: second.freeze, because: new RegExp(timedOut) },
        { what: 'goes on', act: second.thaw },
      ),
    },
  ];
}

export function h2c(): Checker {
  mkdirSync(at('pages'));
  writeFileSync(at('pages/index.html'), 'hello');
  const server = nghttpd('farm', address.h2c, at('pages'));
  return {
    what: 'HTTP_GET with http_protocol 2: an HTTP/2 server that is killed is out, and in again when it was started',
    server: address.h2c,
    skip: unlessInstalled('nghttpd'),
    real: `HTTP_GET {\nhttp_protocol 2\nurl {\npath /index.html\nstatus_code 200\n}\n}`,
    start: server.start,
    steps: outAndBack(
      address.h2c,
      { what: 'killed', act: server.kill, because: /refused/ },
      { what: 'started', act: server.start },
    ),
  };
}

export function grpc(): Checker {
  const server = grpcServer('farm', `${address.grpc}:80`);
  return {
    what: 'GRPC_CHECK: a server that says NOT_SERVING is out until it says SERVING',
    server: address.grpc,
    real: `GRPC_CHECK {\nservice web\n}`,
    start: server.start,
    steps: outAndBack(
      address.grpc,
      { what: 'NOT_SERVING', act: () => server.write('2'), because: /service web is NOT_SERVING/ },
      { what: 'SERVING', act: () => server.write('1') },
    ),
  };
}

export function smtp(): Checker {
  const skip = unlessInstalled('exim4');
  const stranger = new Switch(at('stranger'));
  const server = skip === false ? exim('farm', at('exim'), address.smtp, stranger) : undefined;
  return {
    what: 'SMTP_CHECK: a mail server that refuses HELO is out until it does so no more',
    server: address.smtp,
    port: 25,
    skip,
    real: `SMTP_CHECK {\nhelo_name checker.example\n}`,
    start: () => server?.start(),
    steps: outAndBack(
      address.smtp,
      { what: '550', act: stranger.on, because: /HELO: 550 we do not know you/ },
      { what: '250', act: stranger.off },
    ),
  };
}

export function dns(): Checker {
  const hosts = at('hosts');
  const server = dnsmasq('farm', address.dns, hosts);
  const know = (text: string): void => {
    put(hosts, text);
    server.signal('SIGHUP');
  };
  return {
    what: 'DNS_CHECK: a name server that says NXDOMAIN is out until it knows the name',
    server: address.dns,
    port: 53,
    protocol: 'UDP',
    skip: unlessInstalled('dnsmasq'),
    real: `DNS_CHECK {\ntype A\nname www.example\n}`,
    start() {
      put(hosts, '192.0.2.1 www.example\n');
      return server.start();
    },
    steps: outAndBack(
      address.dns,
      { what: 'NXDOMAIN', act: () => know(''), because: /NXDOMAIN for A of www\.example/ },
      { what: 'the name is known', act: () => know('192.0.2.1 www.example\n') },
    ),
  };
}

export function udp(): Checker {
  const server = peer('farm', 'udp', address.udp);
  const reply = Buffer.from('farm ').toString('hex');
  return {
    what: 'UDP_CHECK with require_reply: a server that is frozen and so says nothing is out until it goes on',
    server: address.udp,
    protocol: 'UDP',
    real: `UDP_CHECK {\nrequire_reply ${reply}\n}`,
    start: server.start,
    steps: outAndBack(
      address.udp,
      { what: 'frozen', act: server.freeze, because: new RegExp(`no answer ${timedOut}`) },
      { what: 'goes on', act: server.thaw },
    ),
  };
}

export function ping(network: Network): Checker {
  const link = (state: string) => () => network.must('ping', 'ip', 'link', 'set', 'inside', state);
  return {
    what: 'PING_CHECK: a server whose link is down is out until the link is up',
    server: address.ping,
    real: `PING_CHECK {\n}`,
    steps: outAndBack(
      address.ping,
      { what: 'link down', act: link('down'), because: new RegExp(`${timedOut}|EHOSTUNREACH`) },
      { what: 'link up', act: link('up') },
    ),
  };
}

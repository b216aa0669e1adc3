/** The real servers that lvsd's checkers are tried against, as processes in a host of the lab. */
import { chownSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../helpers/program.js';
import { Peer, type Protocol, serve } from './peers.js';

/** A process that may be killed and started again. It ends with its network. */
export class Restartable {
  readonly #launch: () => Peer | Promise<Peer>;
  #peer: Peer | undefined;

  constructor(launch: () => Peer | Promise<Peer>) {
    this.#launch = launch;
  }

  readonly start = async (): Promise<void> => {
    this.#peer = await this.#launch();
  };
  readonly kill = async (): Promise<void> => this.#peer?.[Symbol.asyncDispose]();
  readonly freeze = (): void => this.#peer?.kill('SIGSTOP');
  readonly thaw = (): void => this.#peer?.kill('SIGCONT');
  readonly signal = (signal: NodeJS.Signals): void => this.#peer?.kill(signal);
  readonly write = (line: string): void => this.#peer?.write(line);
}

/** A program in a host; it is only on its way when it was started. */
const program = (host: string, name: string, ...args: readonly string[]): Restartable =>
  new Restartable(() => new Peer(['ip', 'netns', 'exec', host, findProgram(name) ?? name, ...args]));

/** A server of peer.py. */
export const peer = (host: string, protocol: Protocol, address: string): Restartable =>
  new Restartable(() => serve(host, [{ protocol, address, port: 80 }]));

/** A file that is whole at every moment: its old text, or its new one. */
export function put(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** A file whose being there makes a server give a wrong answer. */
export class Switch {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  readonly on = (): void => writeFileSync(this.path, '');
  readonly off = (): void => rmSync(this.path);
}

/** `servers`: the blocks `server { … }`. */
export function nginx(host: string, folder: string, servers: string): Restartable {
  mkdirSync(folder);
  const file = (name: string): string => join(folder, name);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${file(what)};`)
    .join('\n');
  writeFileSync(
    file('nginx.conf'),
    `daemon off;
master_process off;
pid ${file('pid')};
events {}
http {
  access_log off;
  ${temporary}
  ${servers}
}
`,
  );
  return program(host, 'nginx', '-p', folder, '-e', file('error.log'), '-c', file('nginx.conf'));
}

/** Says 550 to HELO while `stranger` is on. */
export function exim(host: string, folder: string, address: string, stranger: Switch): Restartable {
  const spool = join(folder, 'spool'); // exim's user writes there; its configuration has to be ours
  mkdirSync(spool, { recursive: true });
  const { uid, gid } = statSync('/var/spool/exim4');
  chownSync(spool, uid, gid);
  const file = join(folder, 'exim.conf');
  writeFileSync(
    file,
    `keep_environment =
primary_hostname = mail.example
spool_directory = ${spool}
log_file_path = ${spool}/%slog
pid_file_path = ${spool}/pid
local_interfaces = ${address}
daemon_smtp_ports = 25
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts =
acl_smtp_helo = helo
begin acl
helo:
  deny message = we do not know you
       condition = \${if exists{${stranger.path}}}
  accept
begin routers
begin transports
`,
    { mode: 0o640 },
  );
  return program(host, 'exim4', '-bdf', '-C', file);
}

/** Knows the names of `hosts`, a file as /etc/hosts, which it reads again at SIGHUP; other names of example there are none. */
export const dnsmasq = (host: string, address: string, hosts: string): Restartable =>
  program(
    host,
    'dnsmasq',
    ...['--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=root', '--pid-file'],
    ...[`--listen-address=${address}`, '--bind-interfaces', '--local=/example/', `--addn-hosts=${hosts}`],
  );

/** HTTP/2 without TLS, from the first byte on. */
export const nghttpd = (host: string, address: string, folder: string): Restartable =>
  program(host, 'nghttpd', '--no-tls', '-a', address, '-d', folder, '80');

/** A line of the number of a ServingStatus changes what it says. */
export const grpcServer = (host: string, place: string): Restartable =>
  program(host, process.execPath, join(import.meta.dirname, 'grpc-server.js'), place);

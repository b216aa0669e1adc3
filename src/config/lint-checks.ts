import type { Say } from './advisor.js';
import type { Check, HttpCheck } from './check.js';
import { checkWord } from './check-words.js';
import type { RealServer, VirtualServer } from './configuration.js';
import type { Place } from './diagnostics.js';

const spotOf = (check: Check): Place => ({ ...check.position, length: checkWord(check).length });

/** What the checks of one virtual server will do, where that is hardly meant. */
export function lintChecks({ services, realServers }: VirtualServer, say: Say): void {
  for (const { checks } of realServers) {
    for (const check of checks) {
      lintPace(check, say);
      if (check.is === 'http') lintHttp(check, say);
    }
  }
  if (services.some(({ key }) => key.by === 'address' && key.protocol === 'udp'))
    for (const real of realServers) lintUdp(real, say);
}

/** Longest time of one attempt; undefined where nobody waits for an answer. */
function attemptSeconds(check: Check): number | undefined {
  if (check.is === 'file' || check.is === 'bfd') return undefined;
  return check.is === 'misc' ? check.timeoutSeconds : check.target.timeoutSeconds;
}

/** Many checks per second are a load of their own. */
const SHORTEST_INTERVAL = 0.1;
/** A round of all attempts, without pauses as long as the interval, may be so many times longer than it: keepalived's samples have 2. */
const SLOW_ROUND = 5;

function lintPace(check: Check, say: Say): void {
  const timeout = attemptSeconds(check);
  if (timeout === undefined) return;
  const { intervalSeconds: interval, retries, retryDelaySeconds: pause } = check.pace;
  const beyond = (retries + 1) * timeout + (pause > interval ? retries * (pause - interval) : 0);
  if (timeout > interval || beyond > SLOW_ROUND * interval) saySlow(check, timeout, say);
  if (interval < SHORTEST_INTERVAL)
    say(
      spotOf(check),
      `${checkWord(check)} every ${interval} s is ${Math.round(1 / interval)} probes a second for each server`,
      `a delay_loop of at least ${SHORTEST_INTERVAL}`,
    );
  if (retries === 0) lintLoss(check, timeout, say);
}

function saySlow(check: Check, timeout: number, say: Say): void {
  const { intervalSeconds: interval, retries, retryDelaySeconds: pause } = check.pace;
  const attempts = retries + 1;
  const round = attempts * timeout + retries * pause;
  const timeoutWord = check.is === 'misc' ? 'misc_timeout' : 'connect_timeout';
  say(
    spotOf(check),
    `${checkWord(check)} is slower than its delay_loop of ${interval} s: a silent server is found dead only after ${seconds(round)} (${sum(attempts, timeout, pause)})`,
    `a shorter ${timeoutWord}${retries > 0 ? ', fewer retries' : ''} or a longer delay_loop`,
  );
}

const seconds = (value: number): string => `${Number(value.toFixed(3))} s`;
const sum = (attempts: number, timeout: number, pause: number): string =>
  attempts === 1
    ? `1 attempt of ${seconds(timeout)}`
    : `${attempts} attempts of ${seconds(timeout)} and ${attempts - 1} ${attempts === 2 ? 'pause' : 'pauses'} of ${seconds(pause)}`;

/** Linux sends a SYN again after one second: before that one lost packet is a failed connection. */
const SYN_AGAIN_SECONDS = 1;

function lintLoss(check: Check, timeout: number, say: Say): void {
  if (check.is === 'misc') return;
  const datagrams = check.is === 'udp' || check.is === 'ping' || check.is === 'dns';
  if (!datagrams && timeout > SYN_AGAIN_SECONDS) return;
  const why = datagrams ? '' : ` and connect_timeout ${timeout}`;
  say(
    spotOf(check),
    `${checkWord(check)} with retry 0${why}: one lost packet takes the server out`,
    datagrams ? 'retry 1 or more' : `retry 1 or more, or a connect_timeout above ${SYN_AGAIN_SECONDS}`,
  );
}

function lintHttp(check: HttpCheck, say: Say): void {
  const { tls, urls, target } = check;
  const named = urls.find(({ host }) => !host.includes(target.address));
  if (tls !== undefined && tls.serverName === undefined && named !== undefined)
    say(
      spotOf(check),
      `SSL_GET asks for virtualhost ${named.host} but does not name it in the TLS handshake: a server with several certificates answers with any of them`,
      "'enable_sni', or 'sni_name NAME'",
    );
  for (const { pattern, path } of urls) {
    if (pattern === undefined || !matchesAnything(pattern.regex)) continue;
    const verdict = pattern.absent ? 'no answer passes regex_no_match' : 'it proves nothing';
    say(
      spotOf(check),
      `the regex of url ${path} is found in every answer, even an empty one: ${verdict}`,
      'a pattern that something must match',
    );
  }
}

/** Found in nothing and in something that nobody meant. */
const matchesAnything = (regex: RegExp): boolean => ['', '\u0001\u0002'].every((text) => new RegExp(regex).test(text));

/** Whoever answers on a TCP port may be another program than the one on the UDP port. DNS servers answer on both. */
function lintUdp(real: RealServer, say: Say): void {
  const [check] = real.checks;
  const onlyTcp = real.checks.length > 0 && real.checks.every(({ is }) => is === 'tcp');
  if (check?.is !== 'tcp' || !onlyTcp || check.target.port === DNS_PORT) return;
  say(
    spotOf(check),
    'a UDP service is asked only for its TCP port: whether it answers on UDP is not known',
    'UDP_CHECK, DNS_CHECK, MISC_CHECK or PING_CHECK',
  );
}

const DNS_PORT = 53;

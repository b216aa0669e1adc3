import { destinationName } from '../model/destination.js';
import { Advisor, type Say } from './advisor.js';
import { type Configuration, destinationOf, type RealServer, type VirtualServer } from './configuration.js';
import type { Diagnostic, Place } from './diagnostics.js';
import { lintChecks } from './lint-checks.js';
import { isDynamic, lintWeights } from './lint-weights.js';
import { lintEncapsulations, lintUserspace } from './userspace/lint.js';

/**
 * What is legal and probably not meant, for `lvsd check`: rules that need more than one word to see. Pure, and only for a configuration
 * without errors: of a damaged one nobody knows what is missing. What validate.ts and build.ts say already is not said again.
 */
export function lint(configuration: Configuration): readonly Diagnostic[] {
  const advisor = new Advisor();
  const { say } = advisor;
  for (const server of configuration.virtualServers) {
    lintWeights(server, say);
    lintQuorum(server, say);
    lintSorryServer(server, say);
    lintPersistence(server, say);
    lintUnchecked(server, say);
    lintChecks(server, say);
    lintUserspace(server, say);
  }
  lintEncapsulations(configuration.virtualServers, say);
  return advisor.sorted(configuration.files);
}

const headerOf = ({ position }: VirtualServer): Place => ({ ...position, length: 'virtual_server'.length });
const serverSpot = ({ position, address }: RealServer): Place => ({ ...position, length: address.length });

/** That a quorum is above all weights is said where it is read; this is about the way back up. */
function lintQuorum(server: VirtualServer, say: Say): void {
  const { quorum, hysteresis, realServers } = server;
  if (hysteresis === 0) return;
  const total = realServers.reduce((sum, { settings }) => sum + settings.weight, 0);
  if (quorum > total || quorum + hysteresis <= total || realServers.some(isDynamic)) return;
  say(
    headerOf(server),
    `a quorum that was lost never comes back: it takes ${quorum} and hysteresis ${hysteresis}, all servers together weigh ${total}`,
    `a hysteresis of at most ${total - quorum}`,
  );
}

/** The server of last resort, dead together with those it stands in for. */
function lintSorryServer({ sorryServer, realServers, services }: VirtualServer, say: Say): void {
  const [first] = services;
  if (sorryServer === undefined || first === undefined) return;
  const name = destinationName(destinationOf(first.key, sorryServer));
  const same = realServers.find((real) => destinationName(destinationOf(first.key, real)) === name);
  if (same !== undefined)
    say(
      { ...sorryServer.position, length: sorryServer.address.length },
      `the sorry server ${name} is also the real server in line ${same.position.line}: when it is needed it is dead`,
      'a server of its own',
    );
}

function lintPersistence(server: VirtualServer, say: Say): void {
  const settings = server.services[0]?.settings;
  if (settings?.persistent !== true) return;
  const { scheduler, persistenceEngine } = settings;
  if ((scheduler === 'sh' || scheduler === 'mh') && persistenceEngine === '')
    say(
      headerOf(server),
      `persistence on top of lvs_sched ${scheduler}, which keeps a client's server by itself: it only costs memory and holds clients when servers change`,
      `lvs_sched ${scheduler} without persistence_timeout, or another scheduler`,
    );
  if (server.realServers.some((real) => real.inhibitOnFailure && real.checks.length > 0))
    say(
      headerOf(server),
      'inhibit_on_failure with persistence: known clients are still sent to a dead server of weight 0',
      'no inhibit_on_failure, or sysctl net.ipv4.vs.expire_quiescent_template = 1',
    );
}

/** Some are checked and some are not; alpha waits for the success of a check that is not there. */
function lintUnchecked({ realServers }: VirtualServer, say: Say): void {
  if (realServers.every(({ checks }) => checks.length > 0)) return;
  const someChecked = realServers.some(({ checks }) => checks.length > 0);
  for (const real of realServers) {
    if (real.checks.length > 0) continue;
    if (someChecked)
      say(
        serverSpot(real),
        'this server has no check, others of its virtual_server have: it stays in the table when it is dead',
        'a check',
      );
    else if (real.alpha)
      say(serverSpot(real), 'alpha has no effect on a server without a check', 'a check, or no alpha');
  }
}

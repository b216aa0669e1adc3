import { Advisor, type Say } from '../config/advisor.js';
import { checkWord } from '../config/check-words.js';
import { type Configuration, destinationOf, type Server, type VirtualServer } from '../config/configuration.js';
import type { Diagnostic, Place } from '../config/diagnostics.js';
import type { TableDestination } from '../model/table.js';
import type { ServiceKey, ServiceSettings } from '../model/service.js';

/** One service and its servers, in the order of the file. */
export interface TableEntry {
  readonly key: ServiceKey;
  readonly settings: ServiceSettings;
  readonly destinations: readonly TableDestination[];
}

/** A configuration → the table it makes when everybody is well, and a warning for each thing that a table does not hold. */
export function tableOfConfiguration(configuration: Configuration): {
  readonly services: readonly TableEntry[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const advisor = new Advisor();
  const say: Say = (place, what) =>
    advisor.say(place, `${what} has no counterpart in ipvsadm lines`, undefined, 'unsupported');
  const services = configuration.virtualServers.flatMap((server) => {
    if (server.services.some(({ settings }) => settings.engine !== undefined)) {
      say(
        { ...server.position, length: 'virtual_server'.length },
        `virtual_server ${server.name}, lvs_engine userspace,`,
      );
      return [];
    }
    sayLost(server, say);
    return server.services.map(({ key, settings }) => ({ key, settings, destinations: destinationsOf(server, key) }));
  });
  for (const rule of configuration.fwmarkRules) say({ ...rule.position, length: 'fwmark_rule'.length }, 'fwmark_rule');
  return { services, diagnostics: advisor.sorted(configuration.files) };
}

/** With nobody else to serve, the sorry server does. */
const destinationsOf = ({ realServers, sorryServer }: VirtualServer, key: ServiceKey): readonly TableDestination[] => {
  const servers: readonly Server[] =
    realServers.length === 0 && sorryServer !== undefined ? [sorryServer] : realServers;
  return servers.map((server) => ({ key: destinationOf(key, server), settings: server.settings }));
};

function sayLost(server: VirtualServer, say: Say): void {
  const header: Place = { ...server.position, length: 'virtual_server'.length };
  const given: readonly (readonly [there: boolean, word: string])[] = [
    [server.quorum > 1, 'quorum'],
    [server.hysteresis > 0, 'hysteresis'],
    [server.quorumUp !== undefined, 'quorum_up'],
    [server.quorumDown !== undefined, 'quorum_down'],
    [server.alpha, 'alpha'],
    [server.omega, 'omega'],
    [server.haSuspend, 'ha_suspend'],
    [server.slowStart !== undefined, 'slow_start'],
    [server.guardPercent !== undefined, 'pool_guard'],
  ];
  for (const [there, word] of given) if (there) say(header, word);
  const { sorryServer } = server;
  if (sorryServer !== undefined && server.realServers.length > 0)
    say({ ...sorryServer.position, length: sorryServer.address.length }, 'sorry_server');
  for (const real of server.realServers) {
    const place: Place = { ...real.position, length: real.address.length };
    if (real.inhibitOnFailure) say(place, 'inhibit_on_failure');
    if (real.notifyUp !== undefined) say(place, 'notify_up');
    if (real.notifyDown !== undefined) say(place, 'notify_down');
    for (const check of real.checks) {
      const word = checkWord(check);
      say({ ...check.position, length: word.length }, word);
    }
  }
}

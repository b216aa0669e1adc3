import type { SyncDaemon, Timeouts } from '../../ipvs/rows.js';
import { destinationName } from '../../model/destination.js';
import { serviceName } from '../../model/service.js';
import type { Command } from './command.js';
import { endpointText } from './endpoint-text.js';
import type { Names } from './names.js';
import { parse } from './parse.js';
import { play, type PlayedService, type Stage } from './play.js';
import { Refusal, tryHelp } from './refusal.js';
import { wordsOfLines } from './restore.js';
import { type SaveStyle, serverOptions, serviceOption, serviceOptions } from './save.js';
import { sortServers, sortServices } from './sort.js';

/** Plays the lines of a file as -R would run them. `note` hears what the kernel would refuse. Throws a refusal that ends the run. */
export function playFile(
  stage: Stage,
  text: string,
  { program, names, note }: { program: string; names: Names; note: (text: string) => void },
): void {
  for (const words of wordsOfLines(text)) {
    const command = parse(program, words, names);
    const refused = command instanceof Refusal ? onRefusal(command) : playOne(stage, command, program);
    if (refused !== undefined) note(`${refused}: ${words.join(' ')}`);
  }
}

function onRefusal(refusal: Refusal): string {
  if (refusal.endsRun) throw refusal;
  return refusal.message;
}

function playOne(stage: Stage, command: Command, program: string): string | undefined {
  if (command.do === 'restore' || command.do === 'diff') throw tryHelp(program);
  return play(stage, command);
}

/** `- ` what would go, `+ ` what would come, `~ ` what would be otherwise: each line as -S writes it. Empty: nothing. */
export function differences(before: Stage, after: Stage, names: Names): string {
  const style: SaveStyle = { text: endpointText(true, names), all: true };
  const services = sortServices([...new Map([...before.services, ...after.services]).values()]);
  const lines = [
    ...changed('--set', timeoutWords(before.timeouts), timeoutWords(after.timeouts)),
    ...states.flatMap((state) =>
      changed('--start-daemon', daemonWords(before.daemons.get(state)), daemonWords(after.daemons.get(state))),
    ),
    ...services.flatMap(({ key }) => {
      const name = serviceName(key);
      return serviceLines(before.services.get(name), after.services.get(name), style);
    }),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const states = ['master', 'backup'] as const;

/** What became of something that is written as `command words`; undefined where it is not there. */
function changed(command: string, before: string | undefined, after: string | undefined): string[] {
  if (before === after) return [];
  if (before === undefined) return [`+ ${command} ${after}`];
  if (after === undefined) return [`- ${command} ${before}`];
  return [`~ ${command} ${before} => ${after}`];
}

const timeoutWords = ({ tcp, tcpFin, udp }: Timeouts): string => `${tcp} ${tcpFin} ${udp}`;

function daemonWords(daemon: SyncDaemon | undefined): string | undefined {
  if (daemon === undefined) return undefined;
  const { state, interface: name, syncId, maxLength, group, port, ttl } = daemon;
  const option = (word: string, value: string | number | undefined): string =>
    value === undefined ? '' : ` --${word} ${value}`;
  return `${state} --mcast-interface ${name} --syncid ${syncId}${option('sync-maxlen', maxLength)}${option('mcast-group', group)}${option('mcast-port', port)}${option('mcast-ttl', ttl)}`;
}

function serviceLines(before: PlayedService | undefined, after: PlayedService | undefined, style: SaveStyle): string[] {
  const key = (before ?? after)!.key;
  const service = serviceOption(key, style);
  const words = (played: PlayedService | undefined): string | undefined =>
    played === undefined ? undefined : `${service}${serviceOptions(key, played.settings, style)}`;
  const servers = sortServers([...new Map([...(before?.servers ?? []), ...(after?.servers ?? [])]).values()]);
  return [
    ...changed('-A', words(before), words(after)),
    ...servers.flatMap((server) => {
      const name = destinationName(server.key);
      const serverWords = (played: PlayedService | undefined): string | undefined => {
        const there = played?.servers.get(name);
        if (there === undefined) return undefined;
        return `${service} -r ${style.text(server.key.address, server.key.port, undefined)}${serverOptions(there.settings, style)}`;
      };
      return changed('-a', serverWords(before), serverWords(after));
    }),
  ];
}

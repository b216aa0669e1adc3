import type { Diagnostics, Place } from '../../config/diagnostics.js';
import type { LoadedDaemon, LoadedService, LoadedTable } from '../../convert/from-table.js';
import { destinationName } from '../../model/destination.js';
import { serviceName } from '../../model/service.js';
import type { Command } from '../ipvsadm/command.js';
import type { Names } from '../ipvsadm/names.js';
import { parse } from '../ipvsadm/parse.js';
import { play, type Stage, stageOf } from '../ipvsadm/play.js';
import { Refusal } from '../ipvsadm/refusal.js';

const PROGRAM = 'ipvsadm';

/** A word of a line, and its column. */
interface Typed {
  readonly text: string;
  readonly column: number;
}

/**
 * Plays lines as `ipvsadm -R` takes them, and remembers where each thing in the table was said. What ipvsadm or the kernel would refuse
 * is an error at the word that it is about.
 */
export function loadLines(source: { file: string; text: string }, names: Names, diagnostics: Diagnostics): LoadedTable {
  const stage = stageOf([], { tcp: 0, tcpFin: 0, udp: 0 }, []);
  const places = new Map<string, Place>();
  for (const [i, text] of source.text.split('\n').entries()) {
    const typed = wordsOf(text);
    const [first] = typed;
    if (first === undefined || first.text.startsWith('#')) continue;
    const at = { file: source.file, line: i + 1 };
    const words = typed.map((word) => word.text);
    const command = parse(PROGRAM, words, names);
    const whole: Place = { ...at, column: first.column, length: text.trimEnd().length - first.column + 1 };
    if (command instanceof Refusal) complain(command, typed, at, names, diagnostics);
    else if (!changesTable(command))
      diagnostics.warning(whole, `'${words.join(' ')}' changes no table; it has no effect`, { kind: 'unsupported' });
    else {
      const refused = play(stage, command);
      if (refused !== undefined) diagnostics.error(whole, refused);
      places.set(placeName(command), whole);
    }
  }
  return tableOf(stage, places);
}

/** As `ipvsadm -R` parts a line; `ipvsadm` in front of it is left out. */
function wordsOf(text: string): readonly Typed[] {
  const typed = [...text.matchAll(/[^ \t\r]+/g)].map(({ 0: word, index }) => ({ text: word, column: index + 1 }));
  return typed.filter((word) => word.text !== PROGRAM);
}

type TableCommand = Extract<
  Command,
  {
    do:
      | 'add-service'
      | 'edit-service'
      | 'delete-service'
      | 'add-server'
      | 'edit-server'
      | 'delete-server'
      | 'set'
      | 'start-daemon'
      | 'stop-daemon'
      | 'flush';
  }
>;

const CHANGES: ReadonlySet<Command['do']> = new Set<Command['do']>([
  'add-service',
  'edit-service',
  'delete-service',
  'add-server',
  'edit-server',
  'delete-server',
  'set',
  'start-daemon',
  'stop-daemon',
  'flush',
]);

const changesTable = (command: Command): command is TableCommand => CHANGES.has(command.do);

/** What a command is about, as a key of places. */
function placeName(command: TableCommand): string {
  if ('server' in command) return `${serviceName(command.service)} -> ${destinationName(command.server)}`;
  if ('service' in command) return serviceName(command.service);
  return command.do === 'start-daemon' ? `daemon ${command.daemon.state}` : command.do;
}

/** So many words are looked at one by one for the one at fault. */
const MOST_WORDS = 64;

/**
 * ipvsadm's own sentence, at the first word with which it is said: words are taken in order, so the line up to the one before it had
 * another fate.
 */
function complain(
  { message }: Refusal,
  words: readonly Typed[],
  at: { readonly file: string; readonly line: number },
  names: Names,
  diagnostics: Diagnostics,
): void {
  let guilty = words.length - 1;
  if (words.length > MOST_WORDS) guilty = 0;
  for (; guilty > 0; guilty--) {
    const before = parse(
      PROGRAM,
      words.slice(0, guilty).map(({ text }) => text),
      names,
    );
    if (!(before instanceof Refusal) || before.message !== message) break;
  }
  const { text, column } = words[guilty]!;
  diagnostics.error({ ...at, column, length: text.length }, message.trim());
}

function tableOf(stage: Stage, places: ReadonlyMap<string, Place>): LoadedTable {
  const placeOf = (name: string): Place => places.get(name)!;
  return {
    services: [...stage.services.values()].map(
      ({ key, settings, servers }): LoadedService => ({
        key,
        settings,
        place: placeOf(serviceName(key)),
        servers: [...servers.values()].map((server) => ({
          ...server,
          place: placeOf(`${serviceName(key)} -> ${destinationName(server.key)}`),
        })),
      }),
    ),
    timeouts: stage.timeouts,
    daemons: [...stage.daemons.values()].map(({ state, ...settings }): LoadedDaemon => {
      const place = placeOf(`daemon ${state}`);
      return { role: state, settings, place };
    }),
  };
}

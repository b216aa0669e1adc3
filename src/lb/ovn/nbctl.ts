import { attachCommands } from './attach.js';
import { failed, type OvnArguments, type OvnCommand, type OvnContext, type OvnOutcome } from './command.js';
import { lbAdd } from './lb-add.js';
import { lbDel } from './lb-del.js';
import { lbList } from './list.js';
import { set } from './set.js';
import type { OvnState } from './state.js';

/** Every command of ovn-nbctl that we know. */
export const ovnCommands: readonly OvnCommand[] = [lbAdd, lbDel, lbList, ...attachCommands, set];

const findCommand = (words: readonly string[]): OvnCommand | undefined =>
  ovnCommands.find(({ name }) => name === words.find((word) => !word.startsWith('--')));

export const isOvnCommand = (words: readonly string[]): boolean => findCommand(words) !== undefined;

/** One command of ovn-nbctl, its options before or behind its name, as that takes them. */
export function step(state: OvnState, words: readonly string[], context: OvnContext): OvnOutcome {
  const command = findCommand(words);
  if (command === undefined) return failed(state, `unknown command '${words.join(' ')}'; use --help for help`);
  const given = argumentsOf(command, words);
  return typeof given === 'string' ? failed(state, given) : command.run(state, given, context);
}

function argumentsOf({ name, least, most, options }: OvnCommand, words: readonly string[]): OvnArguments | string {
  const given = words.filter((word) => word.startsWith('--'));
  const stranger = given.find((word) => !options.includes(word));
  if (stranger !== undefined) return `'${name}' command has no '${stranger}' option`;
  const rest = words.filter((word) => !word.startsWith('--')).slice(1);
  if (rest.length < least) return `'${name}' command requires at least ${least} arguments`;
  if (rest.length > most) return `'${name}' command takes at most ${most} arguments`;
  return { options: new Set(given), words: rest };
}

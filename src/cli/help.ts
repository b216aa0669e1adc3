import type { Wrong } from './arguments.js';
import { isForeign, lbHelp } from './lb.js';
import type { Context } from './lvsctl-entry.js';
import { describe } from './manual.js';
import { overview } from './overview.js';

export const helpCommand = describe(
  {
    program: 'lvsctl',
    name: 'help',
    summary: 'all commands, or all of one',
    synopsis: ['[COMMAND]'],
    about: ["The same as 'lvsctl --help' and 'lvsctl COMMAND --help'; 'man lvsctl' has all of them in one page."],
  },
  {
    options: {},
    words: ['command', 'nothing'],
    read: (_, [command, ...more]): { readonly command: string | undefined } | Wrong =>
      more.length > 0 ? { wrong: `'${more.join(' ')}' is one word too many` } : { command },
  },
);

/** Answers with the exit status. */
export function help({ command }: { readonly command: string | undefined }, { output, commands }: Context): number {
  const found = commands.find(({ name }) => name === command);
  if (command === undefined) output.out(overview(commands));
  else if (found !== undefined) output.out(found.usage);
  else if (isForeign(command)) output.out(lbHelp);
  else {
    output.err(`lvsctl: no command '${command}'; 'lvsctl help' lists them\n`);
    return 2;
  }
  return 0;
}

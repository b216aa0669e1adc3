import { foreignCommands } from './lb.js';
import type { Entry, Group } from './lvsctl-entry.js';
import { listText, optionText } from './manual.js';
import { sharedOptions } from './lvsctl-entry.js';

/** In the order in which they are told of. */
export const groups: Readonly<Record<Group, string>> = {
  look: 'See what is',
  suppose: 'See what would be',
  change: 'Change something',
  pair: 'Two directors and more',
  engine: 'The userspace engine',
  lvsctl: 'lvsctl itself',
};

/** `lvsctl --help`: a line for each command. */
export const overview = (commands: readonly Entry[]): string => `usage: lvsctl [OPTION...] COMMAND ...

${(Object.keys(groups) as Group[]).map((group) => groupText(group, commands)).join('\n\n')}

Options of every command
${listText(Object.entries({ ...sharedOptions, help: { type: 'boolean', help: 'of a command: all of it', short: 'h' } as const }).map(([name, option]) => [optionText(name, option), option.help]))}

Exit status: 0 done, 1 refused or nobody answers, 2 usage.
`;

function groupText(group: Group, commands: readonly Entry[]): string {
  const own = commands.filter((one) => one.group === group).map(({ name, manual }) => [name, manual.summary] as const);
  const foreign = group === 'engine' ? foreignRows() : [];
  return `${groups[group]}\n${listText([...own, ...foreign])}`;
}

/** Those with one summary in one row. */
export function foreignRows(): readonly (readonly [string, string])[] {
  const words = new Map<string, string[]>();
  for (const { word, summary } of foreignCommands) words.set(summary, [...(words.get(summary) ?? []), word]);
  return [...words].map(([summary, of]) => [of.join(', '), summary]);
}

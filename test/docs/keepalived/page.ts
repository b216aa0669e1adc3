import { differences } from '../../conformance/keepalived/differences.js';
import { runningDifferences } from './differences.js';
import { textRows } from './text-words.js';
import { type Entry, type Section, sections } from './words.js';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

const row = ({ word, syntax, initial, meaning, state, own }: Entry): string =>
  `| \`${word}\`${own ? ' ⁺' : ''} | ${cell(syntax)} | ${cell(initial)} | ${cell(meaning)} | ${cell(state)} |`;

const HEADINGS: Readonly<Record<string, string>> = {
  outermost: 'Outermost',
  'every check': 'Words of every check',
  'address line': 'Lines of static_ipaddress, virtual_ipaddress and virtual_ipaddress_excluded',
  'route line': 'Lines of static_routes and virtual_routes',
  'rule line': 'Lines of static_rules and virtual_rules',
  'virtual_server_group entry': 'Lines of virtual_server_group',
};

const section = ({ title, entries }: Section): string => `### ${HEADINGS[title] ?? `\`${title}\``}

| word | takes | default | meaning | state |
| --- | --- | --- | --- | --- |
${entries.map(row).join('\n')}
`;

/** docs/keepalived.md. */
export function keepalivedPage(): string {
  const { sections: all } = sections();
  const count = (of: (state: string) => boolean): number =>
    all.reduce((sum, { entries }) => sum + entries.filter(({ state }) => of(state)).length, 0);
  return `# The language of keepalived

Every word of keepalived 2.4's configuration and what it does here. Made from the vocabularies of src/config by \`npm run docs\`: a word
that is not in this list is not in the language.

| state | words | |
| --- | --- | --- |
| works | ${count((state) => state === 'works')} | means what it means in keepalived; ⁺ marks lvsd's own words |
| no effect | ${count((state) => state.startsWith('no effect'))} | known and without a meaning here; \`lvsd check\` warns, with the reason |
| obsolete | ${count((state) => state.startsWith('obsolete'))} | a word of former times; \`lvsd check\` says what to write |

Defaults in the table are what is true without the line. BOOL is on, off, true, false, yes or no; a flag has no value; SECS may have six
decimal places.

## Text

| form | meaning |
| --- | --- |
${textRows.map(({ form, meaning }) => `| ${cell(form)} | ${cell(meaning)} |`).join('\n')}
| \`include PATTERN\` | reads other files, sorted, where it stands; relative to the file's directory. \`includer\`, \`includem\`, \`includew\`, \`includeb\`, \`includea\`: what is missing is an error |

## Words by block

${all
  .filter(({ entries }) => entries.length > 0)
  .map(section)
  .join('\n')}
## Differences

What lvsd says of a file otherwise than \`keepalived -t\`:

| what | lvsd | why |
| --- | --- | --- |
${differences.map(({ what, lvsd, reason }) => `| ${cell(what)} | ${lvsd === 'stricter' ? 'refuses it' : 'accepts it'} | ${cell(reason)} |`).join('\n')}

What it does otherwise:

| what | why |
| --- | --- |
${runningDifferences.map(([what, reason]) => `| ${cell(what)} | ${cell(reason)} |`).join('\n')}
`;
}

/** Man pages from the tables that commands are read by. */
import { commands } from '../../src/cli/lvsctl-commands.js';
import { type Entry, sharedOptions } from '../../src/cli/lvsctl-entry.js';
import { convertCommand } from '../../src/cli/convert/options.js';
import { foreignCommands } from '../../src/cli/lb.js';
import { lvsdManual, lvsdOptions } from '../../src/cli/lvsd-options.js';
import type { About, DescribedOptions, Manual } from '../../src/cli/manual.js';
import { groups } from '../../src/cli/overview.js';
import { realserverManual, realserverOptions } from '../../src/cli/realserver.js';
import { replayManual, replayOptions } from '../../src/cli/replay-options.js';
import { tokenManual, tokenOptions } from '../../src/cli/token.js';
import { ovnCommands } from '../../src/lb/ovn/nbctl.js';
import { vppCommands } from '../../src/lb/vpp/cli.js';
import { textRows } from './keepalived/text-words.js';
import { type Entry as Word, sections } from './keepalived/words.js';

/** Text as troff prints it: hyphens that can be copied, no line that begins a request. */
export const troff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('…', '...')
    .replaceAll('→', '\\(->')
    .replace(/^\./gm, '\\&.');

const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim();
const paragraph = (text: string): string => `.PP\n${troff(squeezed(text))}`;
/** A tagged paragraph: a term, and what it means. */
const tagged = (term: string, meaning: string): string => `.TP\n${term}\n${troff(squeezed(meaning))}`;
const bold = (text: string): string => `\\fB${troff(text)}\\fR`;
const italic = (text: string): string => `\\fI${troff(text)}\\fR`;

const header = (name: string, section: number, says: string): string =>
  `.\\" Made by 'npm run docs'.
.TH ${name.toUpperCase()} ${section} "" "lvsd" "Linux Virtual Server"
.ad l
.nh
.SH NAME
${troff(name)} \\- ${troff(says)}`;

/** `lvsctl push [-f FILE]`, words as they are typed bold and what stands for something else in italics. */
const synopsisLine = (program: string, words: string): string =>
  `${bold(program)} ${words
    .split(' ')
    .map((word) =>
      word.replace(/[A-Z]{2,}|N\b|[^A-Z]+|[A-Z]/g, (part) => (/^[A-Z]/.test(part) ? italic(part) : bold(part))),
    )
    .join(' ')}`.trim();

const synopsis = (lines: readonly string[]): string => lines.join('\n.br\n');

function optionTerm(name: string, { short, value, type }: DescribedOptions[string]): string {
  const long = `${bold(`--${name}`)}${type === 'boolean' ? '' : ` ${italic(value ?? 'TEXT')}`}`;
  return short === undefined ? long : `${bold(`-${short}`)}, ${long}`;
}

const optionsText = (options: DescribedOptions): string =>
  Object.entries(options)
    .map(([name, option]) => tagged(optionTerm(name, option), option.help))
    .join('\n');

function aboutText(about: About): string {
  if (typeof about === 'string') return paragraph(about);
  if ('example' in about) return `.PP\n.RS 4\n.nf\n${troff(about.example)}\n.fi\n.RE`;
  return [
    paragraph(`${about.title.replace(/:$/, '')}:`),
    ...about.terms.map(([term, meaning]) => tagged(bold(term), meaning)),
  ].join('\n');
}

/** A command as a subsection of the page of its program. */
function commandText(manual: Manual, options: DescribedOptions): string {
  const { program, name = '', synopsis: lines, about, exit } = manual;
  return [
    `.SS ${troff(name)}`,
    troff(`${manual.summary}.`.replace(/^./, (first) => first.toUpperCase())),
    '.PP',
    synopsis(lines.map((line) => synopsisLine(`${program} ${name}`, line))),
    ...about.map(aboutText),
    ...(Object.keys(options).length === 0 ? [] : [optionsText(options)]),
    ...(exit === undefined ? [] : [paragraph(`Exit status: ${exit}`)]),
  ].join('\n');
}

const seeAlso = (...pages: readonly (readonly [name: string, section: number])[]): string =>
  `.SH SEE ALSO\n${pages.map(([name, section]) => `.BR ${name} (${section})`).join(',\n')}`;

const groupTitles = Object.entries(groups) as [Entry['group'], string][];

export const lvsctlPage = (): string =>
  [
    header('lvsctl', 1, 'asks and steers a running lvsd'),
    '.SH SYNOPSIS',
    synopsis([synopsisLine('lvsctl', '[OPTION...] COMMAND ...')]),
    '.SH DESCRIPTION',
    troff(
      squeezed(`lvsctl asks the director that runs on this machine, by Unix sockets that lvsd makes: what it is doing, what it would do, and to do
      something else. Tables are for people and as wide as the terminal; programs ask for --json and get the documents of the REST API.`),
    ),
    '.SH OPTIONS',
    optionsText({ ...sharedOptions, help: { type: 'boolean', short: 'h', help: 'of a command: all of it' } }),
    ...groupTitles.flatMap(([group, title]) => [
      `.SH "${title.toUpperCase()}"`,
      ...commands.filter((one) => one.group === group).map(({ manual, options }) => commandText(manual, options)),
      ...(group === 'engine' ? [foreignText()] : []),
    ]),
    '.SH ENVIRONMENT',
    tagged(bold('RUNTIME_DIRECTORY'), 'where the sockets are, in place of /run/lvsd'),
    tagged(bold('COLUMNS'), 'how wide tables may be, in place of what the terminal says'),
    tagged(
      bold('NO_COLOR'),
      'if it says anything, there are no colours; there are none either where the output is no terminal',
    ),
    '.SH FILES',
    tagged(italic('/run/lvsd/control.sock'), 'where the director answers lvsctl'),
    tagged(italic('/run/lvsd/api.sock'), 'its REST API'),
    '.SH "EXIT STATUS"',
    '0 done, 1 refused or nobody answers, 2 usage; 141 whoever read has seen enough.',
    seeAlso(['lvsd', 8], ['lvsd.conf', 5], ['ipvsadm', 8], ['keepalived.conf', 5]),
    '',
  ].join('\n');

/** Commands of others, in their own words. */
function foreignText(): string {
  const words = foreignCommands.map(({ word }) => word).join(', ');
  return [
    `.SS "commands of VPP and of OVN"`,
    troff(
      `Words that begin with one of ${words} are those of VPP's lb plugin and of ovn-nbctl, for load balancers of the userspace engine.`,
    ),
    '.PP',
    synopsis(
      [...vppCommands.map(({ help }) => help), ...ovnCommands.map(({ usage }) => usage)].map((line) => bold(line)),
    ),
  ].join('\n');
}

export const lvsdPage = (): string =>
  [
    header('lvsd', 8, lvsdManual.summary),
    '.SH SYNOPSIS',
    synopsis(lvsdManual.synopsis.map((line) => synopsisLine('lvsd', line))),
    '.SH DESCRIPTION',
    troff(
      squeezed(`lvsd programs the kernel's IPVS, or a packet engine of its own, from a file in keepalived's language, checks the real servers, holds
      virtual addresses by VRRP, and keeps the table what the file says. A killed, restarted or upgraded director cuts no connection.`),
    ),
    ...lvsdManual.about.map(aboutText),
    '.SH OPTIONS',
    optionsText(lvsdOptions),
    '.SH COMMANDS',
    commandText(convertCommand.manual, convertCommand.options),
    commandText(replayManual, replayOptions),
    commandText(realserverManual, realserverOptions),
    commandText(tokenManual, tokenOptions),
    '.SH "EXIT STATUS"',
    troff(lvsdManual.exit ?? ''),
    seeAlso(['lvsctl', 1], ['lvsd.conf', 5], ['ipvsadm', 8], ['keepalived', 8]),
    '',
  ].join('\n');

const wordText = ({ word, syntax, initial, meaning, state }: Word): string =>
  tagged(
    `${bold(word)}${syntax === '' ? '' : ` ${italic(syntax)}`}`,
    [meaning, ...(initial === '' ? [] : [`Default: ${initial}`]), ...(state === 'works' ? [] : [state])].join('. '),
  );

/** Words of keepalived that mean the same here are keepalived's to tell of; lvsd's own are here. */
export function confPage(): string {
  const { sections: all } = sections();
  const own = all
    .map(({ title, entries }) => ({ title, entries: entries.filter((entry) => entry.own) }))
    .filter(({ entries }) => entries.length > 0);
  return [
    header('lvsd.conf', 5, 'configuration of lvsd'),
    '.SH DESCRIPTION',
    troff(
      squeezed(`The language is keepalived's, as keepalived.conf(5) tells of it: words, blocks in braces, comments behind # or !. A keepalived.conf is such
      a file. docs/keepalived.md has every word, what it does here, and every difference; 'lvsd check \\-f FILE' says everything that is wrong with a
      file. Below are the words that only lvsd has, by the block they stand in.`).replaceAll('\\-', '-'),
    ),
    '.SH TEXT',
    ...textRows.map(({ form, meaning }) => tagged(bold(plainText(form)), plainText(meaning))),
    '.SH WORDS',
    ...own.flatMap(({ title, entries }) => [`.SS "${troff(title)}"`, ...entries.map(wordText)]),
    '.SH FILES',
    tagged(italic('/etc/lvsd/lvsd.conf'), 'what the service of the Debian package reads'),
    seeAlso(['lvsd', 8], ['lvsctl', 1], ['keepalived.conf', 5]),
    '',
  ].join('\n');
}

/** Without the marks of Markdown. */
const plainText = (markdown: string): string => markdown.replaceAll('`', '').replaceAll('\\|', '|');

import type { Diagnostics } from '../../config/diagnostics.js';
import { block, comment, type Item, line, quoted, word } from '../items.js';
import { lost } from '../convert.js';
import { type Directive, type LdirectordFile, readLines } from './lines.js';
import { sectionItem } from './section.js';
import type { Resolver } from './servers.js';
import { Settings, unquoted } from './settings.js';
import { checkWords, globalWords, whyLost } from './words.js';

/** The text of an ldirectord.cf → a configuration that does the same, as far as this language has words for it. */
export function configurationOfLdirectord(
  source: { readonly file: string; readonly text: string },
  resolver: Resolver,
  diagnostics: Diagnostics,
): readonly Item[] {
  const file = readLines(source, diagnostics);
  checkWords(file, diagnostics);
  const globals = globalItems(file, diagnostics);
  const surroundings = { globals: file.globals, resolver, diagnostics, seen: new Map() };
  return [
    ...lostGlobals(file.globals, diagnostics),
    ...(globals.length === 0 ? [] : [block('global_defs', globals)]),
    ...file.sections.map((section) => sectionItem(section, surroundings)),
  ];
}

const lostGlobals = (globals: readonly Directive[], diagnostics: Diagnostics): readonly Item[] =>
  globals.flatMap((directive) => {
    const why = whyLost(directive, globalWords);
    return why === undefined ? [] : [lost(directive.place, `${directive.word} = ${directive.value}`, why, diagnostics)];
  });

function globalItems(file: LdirectordFile, diagnostics: Diagnostics): readonly Item[] {
  const settings = new Settings([], file.globals, diagnostics);
  const stays = !settings.flag('cleanstop', true);
  return [...mailItems(file, settings, diagnostics), ...(stays ? [line('lvs_stop', 'keep')] : [])];
}

/** There is one list of recipients and one mail server for all. */
function mailItems(file: LdirectordFile, settings: Settings, diagnostics: Diagnostics): readonly Item[] {
  const alerts = [file.globals, ...file.sections.map(({ directives }) => directives)].flatMap((directives) =>
    directives.filter((directive) => directive.word === 'emailalert'),
  );
  const [first] = alerts;
  if (first === undefined) return [];
  const addresses = new Set(
    alerts.flatMap(({ value }) => unquoted(value).split(/\s*,\s*/)).filter((one) => one !== ''),
  );
  const written = [...addresses].flatMap((address) => word(address) ?? []);
  const from = settings.text('emailalertfrom');
  const server = settings.text('smtp');
  const sender = from === undefined ? undefined : quoted(from.replaceAll('"', ''));
  return [
    block(
      'notification_email',
      written.map((address) => line(address)),
    ),
    ...(sender === undefined ? [] : [line('notification_email_from', sender)]),
    ...(server === undefined
      ? [
          lost(
            first.place,
            'emailalert',
            'mail is sent by SMTP only: to this machine, as no smtp is given',
            diagnostics,
          ),
        ]
      : []),
    line('smtp_server', word(server ?? '127.0.0.1') ?? '127.0.0.1'),
    ...(file.globals.includes(first) ? [] : [comment('The recipients of all virtual services get all mail.')]),
  ];
}

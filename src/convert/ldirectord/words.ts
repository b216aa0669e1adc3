import { nearest } from '../../config/nearest.js';
import type { Diagnostics } from '../../config/diagnostics.js';
import type { Directive, LdirectordFile } from './lines.js';

/** What comes of a word: it is converted, or why it cannot be. */
type Fate = 'converted' | { readonly why: string; readonly unless?: string };

const lost = (why: string, unless?: string): Fate => (unless === undefined ? { why } : { why, unless });

const LOGIN = 'no check logs in';
const shared: Readonly<Record<string, Fate>> = {
  checktimeout: 'converted',
  negotiatetimeout: 'converted',
  checkinterval: 'converted',
  checkcount: 'converted',
  failurecount: 'converted',
  fallback: 'converted',
  fallback6: 'converted',
  fallbackcommand: 'converted',
  quiescent: 'converted',
  emailalert: 'converted',
  smtp: 'converted',
  cleanstop: 'converted',
  emailalertfreq: lost('an alert is sent once, at the change', '0'),
  emailalertstatus: lost('an alert is sent at each change', 'all'),
};

/** Words outside of sections. */
export const globalWords: Readonly<Record<string, Fate>> = {
  ...shared,
  emailalertfrom: 'converted',
  autoreload: lost("'systemctl reload' or SIGHUP reads the file again", 'no'),
  callback: lost('nothing is run when the file changes'),
  execute: lost('start one lvsd for each file'),
  logfile: lost('the log goes to standard error, which the service manager keeps'),
  fork: lost('all servers are checked at the same time anyway', 'yes'),
  supervised: lost('lvsd always stays in the foreground', 'yes'),
  readdquiescent: lost('a server that somebody removed is put back: lvs_drift says otherwise for all', 'yes'),
  maintenancedir: lost("'lvsctl weight SERVER 0' takes a server out"),
};

/** Words in a section, below `virtual`. */
export const sectionWords: Readonly<Record<string, Fate>> = {
  ...shared,
  real: 'converted',
  real6: 'converted',
  checktype: 'converted',
  service: 'converted',
  checkcommand: 'converted',
  checkport: 'converted',
  request: 'converted',
  receive: 'converted',
  httpmethod: 'converted',
  virtualhost: 'converted',
  scheduler: 'converted',
  persistent: 'converted',
  netmask: 'converted',
  protocol: 'converted',
  ops: 'converted',
  login: lost(LOGIN),
  passwd: lost(LOGIN),
  database: lost(LOGIN),
  secret: lost(LOGIN),
  load: lost('weights do not follow a load'),
  monitorfile: lost('the log has all checks of all servers'),
};

const FORMER: ReadonlyMap<string, string> = new Map([
  ['timeout', 'checktimeout'],
  ['connecttimeout', 'negotiatetimeout'],
]);

/** Complains about words that ldirectord does not know, in the way that it does not start with them either. */
export function checkWords({ globals, sections }: LdirectordFile, diagnostics: Diagnostics): void {
  for (const directive of globals) checkWord(directive, globalWords, sectionWords, diagnostics);
  for (const { directives } of sections)
    for (const directive of directives) checkWord(directive, sectionWords, globalWords, diagnostics);
}

function checkWord(
  { word, place }: Directive,
  here: Readonly<Record<string, Fate>>,
  elsewhere: Readonly<Record<string, Fate>>,
  diagnostics: Diagnostics,
): void {
  if (Object.hasOwn(here, word)) return;
  if (Object.hasOwn(elsewhere, word)) {
    const where = here === globalWords ? 'below a virtual, indented' : 'outside of virtual, not indented';
    diagnostics.error(place, `'${word}' stands in the wrong place`, { expected: `it ${where}` });
    return;
  }
  const suggestion = FORMER.get(word) ?? nearest(word, Object.keys(here));
  diagnostics.error(place, `'${word}' is no directive of ldirectord`, { suggestion });
}

/** Why a directive is not carried over; undefined: it is, or it says what is so anyway. */
export function whyLost({ word, value }: Directive, words: Readonly<Record<string, Fate>>): string | undefined {
  const fate = words[word];
  if (fate === undefined || fate === 'converted') return undefined;
  return value === fate.unless ? undefined : fate.why;
}

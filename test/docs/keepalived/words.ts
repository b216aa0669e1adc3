/** The words of the language as the vocabularies have them, with what the manual says of each. */
import { outermost } from '../../../src/config/read.js';
import type { Term, Vocabulary } from '../../../src/config/vocabulary.js';
import { common } from '../../../src/config/checks/common.js';
import { addressLineWords } from '../../../src/config/static/address-line.js';
import type { LineWords } from '../../../src/config/static/line.js';
import { nextHopWords, routeLinePhrases, routeLineWords } from '../../../src/config/static/route-line.js';
import { ruleLineWords } from '../../../src/config/static/rule-line.js';
import { checkWords } from './check-words.js';
import { globalWords } from './global-words.js';
import { lineWords } from './line-words.js';
import { serviceWords } from './service-words.js';
import type { Row, Table } from './table.js';
import { vrrpWords } from './vrrp-words.js';

const texts: ReadonlyMap<string, Table> = new Map(
  [globalWords, lineWords, vrrpWords, serviceWords, checkWords].flatMap((part) => Object.entries<Table>(part)),
);

/** One line of the manual. */
export interface Entry extends Row {
  readonly word: string;
  readonly state: string;
}

export interface Section {
  readonly title: string;
  readonly entries: readonly Entry[];
}

const EVERY_CHECK = 'every check';

/** Where the texts of a block's words are, the nearest first. */
const placesOf = (title: string): readonly string[] => {
  if (/^(HTTP_GET|SSL_GET)$/.test(title)) return ['HTTP_GET, SSL_GET', EVERY_CHECK, 'when to check'];
  if (/_CHECK$/.test(title) || title === 'host' || title === EVERY_CHECK) return [title, EVERY_CHECK, 'when to check'];
  return [title, 'when to check'];
};

function stateOf(term: Term<unknown>): string {
  if (term.instead !== undefined)
    return term.instead.startsWith('nothing') ? 'obsolete: leave it out' : `obsolete: write \`${term.instead}\``;
  if (term.noEffect !== undefined) return `no effect: ${term.noEffect}`;
  return 'works';
}

/** What is wrong between vocabularies and texts: both lists are empty in a manual that may be printed. */
export interface Gaps {
  readonly wordsWithoutText: readonly string[];
  readonly textsWithoutWord: readonly string[];
}

export function sections(): { readonly sections: readonly Section[]; readonly gaps: Gaps } {
  const found: Section[] = [];
  const used = new Set<string>();
  const wordsWithoutText: string[] = [];

  const entryOf = (title: string, word: string, state: string): Entry | undefined => {
    for (const place of placesOf(title)) {
      const row = texts.get(place)?.get(word);
      if (row === undefined) continue;
      used.add(`${place}: ${word}`);
      return { ...row, word, state };
    }
    wordsWithoutText.push(`${title}: ${word}`);
    return undefined;
  };

  const isCheck = (title: string): boolean => /_CHECK$|_GET$/.test(title) || title === 'host';
  const shared = new Set<string>(Object.keys(common));

  const walk = (title: string, vocabulary: Vocabulary): void => {
    if (found.some((section) => section.title === title)) return;
    const inside: (() => void)[] = [];
    const entries: Entry[] = [];
    found.push({ title, entries });
    for (const [word, term] of Object.entries(vocabulary)) {
      const plain = isCheck(title) && shared.has(word) && !texts.get(title)?.has(word) && term.noEffect === undefined;
      const entry = plain ? undefined : entryOf(title, word, stateOf(term));
      if (entry !== undefined) entries.push(entry);
      const { words } = term;
      if (words !== undefined) inside.push(() => walk(word, words));
    }
    for (const next of inside) next();
  };
  walk('outermost', outermost);

  const line = (title: string, words: LineWords, more: readonly string[]): void => {
    const entries = [...more.map((word) => [word, {}] as const), ...Object.entries(words)].flatMap(([word, said]) => {
      const { as, instead } = said as LineWords[string];
      if (as !== undefined && texts.get(title)?.has(word) !== true) return []; // named where its first name is
      return entryOf(title, word, instead === undefined ? 'works' : `obsolete: write \`${instead}\``) ?? [];
    });
    found.push({ title, entries });
  };
  line('address line', addressLineWords, ['ADDRESS[/LEN]']);
  line('route line', { ...routeLineWords, ...nextHopWords }, ['DESTINATION', ...routeLinePhrases]);
  line('rule line', ruleLineWords, []);

  const entries = [...shared].flatMap((word) => entryOf(EVERY_CHECK, word, 'works') ?? []);
  found.push({ title: EVERY_CHECK, entries });
  const group = texts.get('virtual_server_group entry') ?? new Map<string, Row>();
  found.push({
    title: 'virtual_server_group entry',
    entries: [...group.keys()].flatMap((word) => entryOf('virtual_server_group entry', word, 'works') ?? []),
  });

  const textsWithoutWord = [...texts].flatMap(([title, rows]) =>
    [...rows.keys()].map((word) => `${title}: ${word}`).filter((key) => !used.has(key)),
  );
  return { sections: found, gaps: { wordsWithoutText, textsWithoutWord } };
}

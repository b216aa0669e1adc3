/** The manual of the language has every word, and no word that there is not. */
import t from 'tap';
import { readConfiguration } from '../../src/config/read.js';
import { outermost, shape } from '../../src/config/read.js';
import { textRows } from '../docs/keepalived/text-words.js';
import { sections } from '../docs/keepalived/words.js';

const { sections: all, gaps } = sections();

t.test('each word has its text', (t) => {
  t.strictSame(gaps.wordsWithoutText, []);
  t.end();
});

t.test('each text has its word', (t) => {
  t.strictSame(gaps.textsWithoutWord, []);
  t.end();
});

t.test('each text is complete', (t) => {
  for (const { title, entries } of all)
    for (const { word, syntax, initial, meaning } of entries)
      t.ok(syntax !== '' && initial !== '' && meaning !== '', `${title}: ${word}`);
  t.end();
});

/** Their lines are entries, not statements: they have tables of their own, or none. */
const WITHOUT_WORDS = new Set(
  `virtual_server_group static_ipaddress static_routes static_rules interface_up_down_delays linkbeat_interfaces notification_email
  virtual_ipaddress virtual_ipaddress_excluded virtual_routes virtual_rules unicast_peer track_interface track_script track_process
  track_bfd`.split(/\s+/),
);

t.test('each block of the language is a section', (t) => {
  const titles = new Set(all.map(({ title }) => title));
  for (const word of shape.opens) if (!WITHOUT_WORDS.has(word)) t.ok(titles.has(word), word);
  for (const word of shape.outermost) t.ok(Object.hasOwn(outermost, word), `${word} is a word at all`);
  t.end();
});

t.test('what may stand anywhere', (t) => {
  for (const { form, example } of textRows) {
    const { diagnostics } = readConfiguration({ file: 'f', text: `${example}\n` });
    const complaints = diagnostics.map(({ message }) => message);
    t.strictSame(complaints, [], form);
  }
  t.end();
});

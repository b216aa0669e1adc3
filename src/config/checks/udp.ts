import type { UdpCheck } from '../check.js';
import type { Diagnostics } from '../diagnostics.js';
import { type CheckDraft, common, paceOf, positionOf, targetOf } from './common.js';
import { one, phrase } from '../terms.js';
import { type Statement, placeOfWord } from '../tree.js';
import { integer } from '../values.js';
import { type Block, type Term, type Vocabulary, isMissing, placeIn, readBlock } from '../vocabulary.js';

/** What fits a UDP datagram over IPv4. */
const LONGEST_PAYLOAD = 65_507;
const LONGEST_REPLY = 65_535;
/** keepalived's, where a reply is compared. */
const USUAL_LONGEST_REPLY = 255;
/** `keepalived check - keepalived ch`: what keepalived sends. */
const USUAL_PAYLOAD = Buffer.from('keepalived check - keepalived ch').toString('hex');

/** `75 9f 0120`, in one word or several, quoted or not, as one lower-case text; x stands for any digit where it may. */
const hex = (least: 0 | 1, wildcards: boolean): Term<string> =>
  phrase((statement, { diagnostics }) => {
    const pairs = wildcards ? /^(?:[0-9a-fx]{2})+$/i : /^(?:[0-9a-f]{2})+$/i;
    const expected = `pairs of hexadecimal digits${wildcards ? ', x for any digit' : ''}`;
    let all = '';
    for (const [i, { text }] of statement.words.entries()) {
      if (i === 0) continue;
      const wrong = text.split(/\s+/).find((part) => part !== '' && !pairs.test(part));
      if (wrong !== undefined) {
        diagnostics.error(placeOfWord(statement, i), `'${wrong}' is not hexadecimal`, { expected });
        return undefined;
      }
      all += text.replace(/\s+/g, '');
    }
    if (all.length / 2 > LONGEST_PAYLOAD) {
      diagnostics.error(placeOfWord(statement, 0), `${all.length / 2} bytes do not fit a datagram`);
      return undefined;
    }
    if (all.length < least) {
      diagnostics.error(placeOfWord(statement, 0), `'${statement.words[0]!.text}' lacks a value`, { expected });
      return undefined;
    }
    return all.toLowerCase();
  });

const udp = {
  ...common,
  payload: hex(1, false),
  require_reply: hex(0, true),
  min_reply_length: one(integer(0, LONGEST_REPLY)),
  max_reply_length: one(integer(0, LONGEST_REPLY)),
} satisfies Vocabulary;

export const udpTerm: Term<CheckDraft> = {
  words: udp,
  read(statement, { diagnostics }) {
    const block = readBlock('UDP_CHECK', udp, statement.block ?? [], diagnostics);
    if (isMissing(block, 'require_reply')) {
      const message =
        "'UDP_CHECK' without 'require_reply' takes silence for success: only an ICMP error takes the server out";
      diagnostics.warning(placeOfWord(statement, 0), message, { kind: 'advice' });
    }
    const reply = replyOf(block, statement, diagnostics);
    return (inherited, diagnostics): UdpCheck | undefined => {
      const target = targetOf(block, inherited, statement, diagnostics);
      if (target === undefined) return undefined;
      const position = positionOf(statement, inherited);
      const pace = paceOf(block, inherited, { retries: 1, retryDelaySeconds: 1 });
      return { is: 'udp', position, pace, target, payload: block.values.payload ?? USUAL_PAYLOAD, ...reply };
    };
  },
};

type Reply = Pick<UdpCheck, 'reply' | 'minReplyLength' | 'maxReplyLength'>;

/** keepalived's limit of 255 bytes is for replies it compares; without a pattern nobody has asked for one. */
function replyOf(block: Block<typeof udp>, header: Statement, diagnostics: Diagnostics): Reply {
  const { require_reply: reply, min_reply_length: minReplyLength = 0, max_reply_length } = block.values;
  const maxReplyLength =
    max_reply_length ?? (reply === undefined || reply === '' ? LONGEST_REPLY : USUAL_LONGEST_REPLY);
  const least = Math.max(minReplyLength, (reply ?? '').length / 2);
  if (least > maxReplyLength && !block.failed.has('max_reply_length')) {
    const what = least === minReplyLength ? `min_reply_length ${least}` : `${least} bytes of require_reply`;
    const word = least === minReplyLength ? 'min_reply_length' : 'require_reply';
    const message = `no reply has ${what} and at most ${maxReplyLength}`;
    diagnostics.error(placeIn(block, word, header), message, { expected: "a greater 'max_reply_length'" });
  }
  return { minReplyLength, maxReplyLength, ...(reply === undefined ? {} : { reply }) };
}

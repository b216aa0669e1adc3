import type { DnsCheck, DnsType } from '../check.js';
import { type CheckDraft, common, paceOf, positionOf, targetOf } from './common.js';
import { type Reader, one } from '../terms.js';
import { oneOf } from '../values.js';
import { type Term, type Vocabulary, readBlock } from '../vocabulary.js';

const upperCaseType = oneOf<DnsType>('A', 'NS', 'CNAME', 'SOA', 'PTR', 'MX', 'TXT', 'AAAA', 'SRV', 'CAA', 'HTTPS');
const dnsType: Reader<DnsType> = (text, complain) => upperCaseType(text.toUpperCase(), complain);

const LONGEST_NAME = 253;
const LABEL = /^[!-[\]-~]{1,63}$/;

/** RFC 1035 section 2.3.4. Backslashes would be escapes, which nobody needs to ask for a server's health. */
const domainName: Reader<string> = (text) => {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (text === '.') return { value: text };
  if (name.length <= LONGEST_NAME && name.split('.').every((label) => LABEL.test(label))) return { value: name };
  return { expected: 'a domain name in ASCII with labels of 1 to 63 characters (xn--… for others), or . for the root' };
};

const dns = {
  ...common,
  type: one(dnsType),
  name: one(domainName),
} satisfies Vocabulary;

export const dnsTerm: Term<CheckDraft> = {
  words: dns,
  read(statement, { diagnostics }) {
    const block = readBlock('DNS_CHECK', dns, statement.block ?? [], diagnostics);
    return (inherited, diagnostics): DnsCheck | undefined => {
      const target = targetOf(block, inherited, statement, diagnostics);
      if (target === undefined) return undefined;
      const { delay_loop: retryDelaySeconds = inherited.pace.intervalSeconds, type = 'SOA', name = '.' } = block.values;
      const position = positionOf(statement, inherited);
      return {
        is: 'dns',
        position,
        pace: paceOf(block, inherited, { retries: 3, retryDelaySeconds }),
        target,
        type,
        name,
      };
    };
  },
};

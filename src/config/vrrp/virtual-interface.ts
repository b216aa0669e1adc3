import { phrase, type Reader } from '../terms.js';
import { placeOfWord, type Statement } from '../tree.js';
import { address, interfaceName, oneOf } from '../values.js';
import { groupName } from '../static/readers.js';
import type { Context, Term } from '../vocabulary.js';
import type { VirtualInterface } from './vrrp.js';

/** What the line itself says; the rest are words of their own. */
export type VirtualInterfaceDraft = Omit<VirtualInterface, 'sendFromBase' | 'forAddresses'>;

const MAC = /^([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}$/;
const padded = (text: string): string =>
  text
    .split(':')
    .map((part) => part.padStart(2, '0').toLowerCase())
    .join(':');

interface Parts {
  name?: string;
  mac?: string;
  address?: string;
  mode?: 'bridge' | 'private' | 'vepa';
  group?: string;
}

const NOTIFY = 'netlink_notify_msg';

/** `use_vmac [[name] IFNAME] [MAC] [netlink_notify_msg] [group GROUP]`. */
export const useVmac: Term<VirtualInterfaceDraft> = phrase((statement, context) => {
  const parts = readParts(statement, context, (text, parts) => {
    if (MAC.test(text) && parts.mac === undefined) parts.mac = padded(text);
    else return text === NOTIFY; // keepalived says so once more when its interface is up; here the kernel's own word is enough
    return true;
  });
  return parts && draftOf('macvlan', parts);
});

const modes = oneOf('bridge', 'private', 'vepa');

/** `use_ipvlan [[name] IFNAME] [ADDRESS] [bridge|private|vepa] [group GROUP]`. */
export const useIpvlan: Term<VirtualInterfaceDraft> = phrase((statement, context) => {
  const parts = readParts(statement, context, (text, parts) => {
    const mode = modes(text, () => undefined);
    const source = address(text.replace(/\/\d{1,3}$/, ''), () => undefined);
    if ('value' in mode) parts.mode = mode.value;
    else if ('value' in source) parts.address = text;
    else return false;
    return true;
  });
  return parts && draftOf('ipvlan', parts);
});

const draftOf = (kind: VirtualInterface['kind'], { name, ...rest }: Parts): VirtualInterfaceDraft => ({
  kind,
  name,
  ...rest,
});

/** Words in any order; what is nothing else is the name, once. */
function readParts(
  statement: Statement,
  { diagnostics }: Context,
  own: (text: string, parts: Parts) => boolean,
): Parts | undefined {
  const parts: Parts = {};
  const refused = (index: number, message: string, expected: string): Parts | undefined => {
    diagnostics.error(placeOfWord(statement, index), message, { expected });
    return undefined;
  };
  for (let i = 1; i < statement.words.length; i++) {
    const { text } = statement.words[i]!;
    if (text === 'group' || text === 'name') {
      const value = statement.words[++i]?.text ?? '';
      const reader: Reader<string> = text === 'group' ? groupName : interfaceName;
      const read = reader(value, () => undefined);
      if (!('value' in read)) return refused(i, `'${value}' is no ${text}`, read.expected);
      parts[text] = read.value;
    } else if (!own(text, parts)) {
      const read = interfaceName(text, () => undefined);
      if (!('value' in read)) return refused(i, `'${text}' is no name of an interface`, read.expected);
      if (parts.name !== undefined) return refused(i, `'${text}' is a second name`, 'one');
      parts.name = read.value;
    }
  }
  return parts;
}

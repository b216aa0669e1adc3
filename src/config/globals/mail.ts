import type { MailSettings } from '../global-settings.js';
import type { Diagnostics } from '../diagnostics.js';
import { wordsInBraces } from '../lists.js';
import { noMore, one, phrase, readWord, type Reader } from '../terms.js';
import type { Statement } from '../tree.js';
import { address, name, port, seconds } from '../values.js';
import { type Block, isMissing, placeIn, type Term, type Vocabulary } from '../vocabulary.js';

const SMTP_PORT = 25;
const TIMEOUT_SECONDS = 30;

/** `someone@example.org`, `Some One <someone@example.org>`; a name of this machine alone is one too. No line may begin in it. */
const mailbox: Reader<string> = (text) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would make header lines of their own
  /^[^\x00-\x1f\x7f]+$/.test(text) && !/^\s*$/.test(text)
    ? { value: text }
    : { expected: "a mail address, or 'Name <address>' in double quotes" };

const HOST = /^(?=.{1,253}$)[\w-]{1,63}(\.[\w-]{1,63})*\.?$/;
/** `10.0.0`, `300.1.1.1`: what looks like an address and is none is no name either. */
const NUMBERS = /^[\d.]+$/;

const host: Reader<string> = (text) => {
  const read = address(text, () => undefined);
  if ('value' in read) return read;
  return HOST.test(text) && !NUMBERS.test(text) ? { value: text } : { expected: 'an address or a host name' };
};

const server: Term<{ readonly host: string; readonly port: number }> = phrase((statement, context) => {
  const where = readWord(statement, 1, host, context);
  const at = statement.words.length > 2 ? readWord(statement, 2, port, context) : SMTP_PORT;
  noMore(statement, 3, context);
  return where === undefined || at === undefined ? undefined : { host: where, port: at };
});

export const mailWords = {
  notification_email: wordsInBraces('mail address', mailbox),
  notification_email_from: one(mailbox),
  smtp_server: server,
  smtp_helo_name: one(name('a host name')),
  smtp_connect_timeout: one(seconds(0, 4294)),
} satisfies Vocabulary;

/** Recipients without a relay are a mistake that shows when the first mail is missed. */
export function mailOf(
  block: Block<typeof mailWords>,
  header: Statement | undefined,
  diagnostics: Diagnostics,
): MailSettings | undefined {
  const { values } = block;
  const to = values.notification_email ?? [];
  if (to.length > 0 && isMissing(block, 'smtp_server') && header !== undefined)
    diagnostics.warning(placeIn(block, 'notification_email', header), "no mail is sent: there is no 'smtp_server'");
  if (values.smtp_server === undefined || to.length === 0) return undefined;
  return {
    server: values.smtp_server.host,
    port: values.smtp_server.port,
    timeoutSeconds: values.smtp_connect_timeout ?? TIMEOUT_SECONDS,
    heloName: values.smtp_helo_name,
    from: values.notification_email_from,
    to,
  };
}

import { hostname } from 'node:os';
import type { MailSettings } from '../config/global-settings.js';
import { reasonOf } from '../system/log.js';
import type { MailRefusal, SendMails } from './ports.js';

interface SmtpError extends Error {
  readonly responseCode?: number;
}

/** Mails over SMTP by nodemailer. It is loaded when the first mail is due: most directors send none. */
export const sendBySmtp: SendMails = async (settings, mails, signal) => {
  const { createTransport } = await import('nodemailer');
  const timeoutMs = 1000 * settings.timeoutSeconds;
  const transport = createTransport({
    host: settings.server,
    port: settings.port,
    name: settings.heloName ?? hostname(),
    pool: true,
    maxConnections: 1,
    maxMessages: mails.length + 1,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    // TLS where the relay offers it; it is no worse than the plain text that keepalived speaks, whoever signed the certificate
    secure: false,
    tls: { rejectUnauthorized: false },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const close = (): void => transport.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    const refusals: (MailRefusal | undefined)[] = [];
    for (const mail of mails) {
      const refusal = await unless(signal, send(transport, settings, mail));
      refusals.push(refusal);
      // a relay that does not answer is not asked for each of them
      if (refusal !== undefined && !refusal.forever) break;
    }
    const last = refusals.at(-1);
    return mails.map((_, i) => (i < refusals.length ? refusals[i] : last));
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
};

type Transport = Awaited<ReturnType<typeof import('nodemailer')['createTransport']>>;

async function send(
  transport: Pick<Transport, 'sendMail'>,
  settings: MailSettings,
  { subject, body }: { readonly subject: string; readonly body: string },
): Promise<MailRefusal | undefined> {
  try {
    await transport.sendMail({
      from: settings.from ?? `keepalived@${hostname()}`,
      to: [...settings.to],
      subject,
      text: body,
    });
    return undefined;
  } catch (error) {
    const code = (error as SmtpError).responseCode ?? 0;
    return { reason: reasonOf(error), forever: code >= 500 && code <= 599 };
  }
}

/** A transport that is closed leaves its callers waiting. */
const unless = (signal: AbortSignal, sending: Promise<MailRefusal | undefined>): Promise<MailRefusal | undefined> =>
  new Promise((resolve) => {
    const stopped = (): void => resolve({ reason: 'it took too long', forever: false });
    if (signal.aborted) return stopped();
    signal.addEventListener('abort', stopped, { once: true });
    void sending.then((refusal) => {
      signal.removeEventListener('abort', stopped);
      resolve(refusal);
    });
  });

import type { Script } from '../config/configuration.js';
import type { MailSettings } from '../config/global-settings.js';
import type { ScriptEnd } from '../system/run-script.js';
import type { MailText } from './words.js';

/** Runs a script under the rules of the configuration. Never rejects. `timeoutMs` absent: the usual limit; Infinity: none. */
export type RunScript = (
  script: Script,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal; readonly endsWithUs?: boolean },
) => Promise<ScriptEnd>;

/** Why a mail was not taken, and whether it never will be. */
export interface MailRefusal {
  readonly reason: string;
  readonly forever: boolean;
}

/** Sends mails over one connection, in order; for each what was wrong with it, or undefined. Never rejects; ends soon after `signal` is aborted. */
export type SendMails = (
  settings: MailSettings,
  mails: readonly MailText[],
  signal: AbortSignal,
) => Promise<readonly (MailRefusal | undefined)[]>;

import type { Socket } from 'node:net';
import type { SmtpCheck } from '../config/check.js';
import { alive, failed, type Outcome } from './check.js';
import { type Conversation, converse } from './connection.js';
import type { ProbePorts } from './ports.js';
import { formatReply, SmtpReplyReader } from './smtp-reply.js';

/** A server that never falls silent gets this many times its timeout, then it has failed. */
const PATIENCE = 10;

const GREETING = 220;
const DONE = 250;

/**
 * SMTP_CHECK: greeting, HELO, QUIT. Alive is who greets with 220 and answers HELO with 250; QUIT is good manners, and whoever
 * answers it with anything, or just closes the connection, is alive. Who then falls silent is not.
 */
export async function attemptSmtp(check: SmtpCheck, ports: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  const { target, heloName } = check;
  const timeoutMs = 1000 * target.timeoutSeconds;
  const conversation = new SmtpConversation(heloName);
  const options = { target, timeoutMs, deadlineMs: PATIENCE * timeoutMs, ports, signal };
  const outcome = await converse(options, conversation);
  // who closes without having read our QUIT resets the connection
  return outcome.is === 'failed' && outcome.why === 'reset' && conversation.isQuitting ? conversation.onEnd() : outcome;
}

class SmtpConversation implements Conversation {
  readonly #heloName: string;
  readonly #reader = new SmtpReplyReader();
  #socket: Socket | undefined;
  #awaits: 'greeting' | 'HELO' | 'QUIT' = 'greeting';

  constructor(heloName: string) {
    this.#heloName = heloName;
  }

  get isQuitting(): boolean {
    return this.#awaits === 'QUIT';
  }

  onConnected(socket: Socket): undefined {
    this.#socket = socket;
  }

  onBytes(bytes: Buffer): Outcome | undefined {
    const reply = this.#reader.read(bytes);
    if (reply === undefined) return undefined;
    if (this.isQuitting) return alive('code' in reply ? formatReply(reply) : 'HELO was answered');
    if ('refused' in reply) return failed('malformed', `${this.#awaits}: ${reply.refused}`);
    const { code } = reply;
    if (code !== (this.#awaits === 'greeting' ? GREETING : DONE))
      return failed('answer', `${this.#awaits}: ${formatReply(reply)}`);
    if (this.#awaits === 'greeting') this.#say('HELO', `HELO ${this.#heloName}`);
    else this.#say('QUIT', 'QUIT');
    return undefined;
  }

  onEnd(): Outcome {
    if (this.isQuitting) return alive('HELO was answered; closed without an answer to QUIT');
    return failed(
      'closed',
      `the server closed the connection without ${this.#awaits === 'HELO' ? 'an answer to HELO' : 'a greeting'}`,
    );
  }

  #say(awaits: 'HELO' | 'QUIT', line: string): void {
    this.#awaits = awaits;
    this.#socket?.write(`${line}\r\n`, 'latin1');
  }
}

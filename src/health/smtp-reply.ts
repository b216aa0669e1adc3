/** Replies of an SMTP server (RFC 5321 section 4.2), read as the bytes come. Pure. */

export interface SmtpReply {
  readonly code: number;
  /** The text of all its lines with spaces between, printable, cut short. */
  readonly text: string;
}

/** A line may have 512 bytes (section 4.5.3.1.5); some servers think otherwise. */
const LONGEST_LINE = 4096;
/** Of one reply: a banner with the rules of the house has dozens. */
const MOST_LINES = 256;
const LONGEST_TEXT = 200;

const LINE = /^([2-5]\d\d)(?:([ -])(.*))?$/s;
const LF = 0x0a;

/** Reads one reply after the other. What it refused once it does not read on from. */
export class SmtpReplyReader {
  #line = '';
  #code = 0;
  #lines: string[] = [];

  /** The reply when it is complete, why it is none, or undefined: more is to come. */
  read(bytes: Uint8Array): SmtpReply | { readonly refused: string } | undefined {
    for (let at = 0; at < bytes.length; ) {
      const lf = bytes.indexOf(LF, at);
      const end = lf < 0 ? bytes.length : lf;
      if (this.#line.length + end - at > LONGEST_LINE) return { refused: `a line of more than ${LONGEST_LINE} bytes` };
      this.#line += Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('latin1');
      if (lf < 0) return undefined;
      at = lf + 1;
      const found = this.#takeLine();
      if (found === undefined) continue;
      if (at < bytes.length && !('refused' in found)) return { refused: 'more than one reply to one command' };
      return found;
    }
    return undefined;
  }

  #takeLine(): SmtpReply | { readonly refused: string } | undefined {
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    this.#line = '';
    const [, digits, separator, text = ''] = LINE.exec(line) ?? [];
    if (digits === undefined) return { refused: `not a reply: '${printable(line)}'` };
    const code = Number(digits);
    if (this.#lines.length > 0 && code !== this.#code) return { refused: `${this.#code} and ${code} in one reply` };
    if (this.#lines.length === MOST_LINES) return { refused: `a reply of more than ${MOST_LINES} lines` };
    this.#code = code;
    this.#lines.push(text);
    if (separator === '-') return undefined;
    const reply = { code, text: printable(this.#lines.join(' ')) };
    this.#lines = [];
    return reply;
  }
}

/** A server does not write control characters into our log. */
function printable(text: string): string {
  const clean = text.slice(0, LONGEST_TEXT + 1).replace(/[^\x20-\x7e]/g, '?');
  return clean.length > LONGEST_TEXT ? `${clean.slice(0, LONGEST_TEXT)}…` : clean;
}

/** `554 no service here`. */
export const formatReply = ({ code, text }: SmtpReply): string => (text === '' ? String(code) : `${code} ${text}`);

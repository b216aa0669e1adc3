/** Server-sent events: what stands between two empty lines. */
export interface ServerSent {
  /** undefined: it says none. */
  readonly id?: string;
  readonly type: string;
  /** Empty: only its id is news. */
  readonly data: string;
}

const LINE = /\r\n|\n|\r/;

/** Takes text as it comes, cut anywhere, and gives whole events. */
export function eventReader(): (text: string) => readonly ServerSent[] {
  let rest = '';
  return (text) => {
    rest += text;
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => eventOf(block) ?? []);
  };
}

/** undefined: a comment, or how long to wait. */
function eventOf(block: string): ServerSent | undefined {
  const data: string[] = [];
  let id: string | undefined;
  let type = 'message';
  for (const line of block.split(LINE)) {
    const [, name, value = ''] = /^([^:]+):? ?(.*)$/s.exec(line) ?? [];
    if (name === 'data') data.push(value);
    else if (name === 'id') id = value;
    else if (name === 'event') type = value;
  }
  if (id === undefined && data.length === 0) return undefined;
  return { ...(id === undefined ? {} : { id }), type, data: data.join('\n') };
}

import { flag, type NoOrder, readCommand, text, type Wrong } from '../arguments.js';

const usage = `usage: lvsd convert --from ipvsadm|ldirectord|lvsd --to lvsd|ipvsadm [FILE]

Prints FILE (standard input, if none is named or it is '-') in another language:

  ipvsadm      lines as 'ipvsadm -S' prints and 'ipvsadm -R' reads them
  ldirectord   an ldirectord.cf (only --from)
  lvsd         our language, which is keepalived's; 'keepalived' means the same

What has no counterpart is a warning at its line, and a comment in a configuration.

  --strict     print nothing if there is any warning; exit status 1

Exit status: 0 done, 1 refused, 2 usage.
`;

const FROM = ['ipvsadm', 'ldirectord', 'lvsd'] as const;
const TO = ['lvsd', 'ipvsadm'] as const;

export interface ConvertOrder {
  readonly from: (typeof FROM)[number];
  readonly to: (typeof TO)[number];
  /** undefined: standard input. */
  readonly file: string | undefined;
  readonly strict: boolean;
}

export const parseConvert = (args: readonly string[]): ConvertOrder | NoOrder =>
  readCommand(args, {
    usage,
    options: { from: text, to: text, strict: flag },
    takesWords: true,
    read: (values, [file, ...more]): ConvertOrder | Wrong => {
      if (more.length > 0) return { wrong: `'${more.join(' ')}' is one word too many` };
      const from = chosen('from', values.from, FROM);
      const to = chosen('to', values.to, TO);
      if (typeof from !== 'string') return from;
      if (typeof to !== 'string') return to;
      return { from, to, file: file === '-' ? undefined : file, strict: values.strict };
    },
  });

function chosen<C extends string>(option: string, value: string | undefined, choices: readonly C[]): C | Wrong {
  if (value === undefined) return { wrong: `--${option} ${choices.join('|')}?` };
  const meant = value === 'keepalived' ? 'lvsd' : value;
  return choices.find((one) => one === meant) ?? { wrong: `--${option} is ${choices.join(', ')}, not '${value}'` };
}

import { flag, type NoOrder, readCommand, text, type Wrong } from '../arguments.js';
import { describe } from '../manual.js';

const FROM = ['ipvsadm', 'ldirectord', 'lvsd'] as const;
const TO = ['lvsd', 'ipvsadm'] as const;

export interface ConvertOrder {
  readonly from: (typeof FROM)[number];
  readonly to: (typeof TO)[number];
  /** undefined: standard input. */
  readonly file: string | undefined;
  readonly strict: boolean;
}

export const convertCommand = describe(
  {
    program: 'lvsd',
    name: 'convert',
    summary: 'turns ipvsadm lines or ldirectord.cf into a configuration, and back',
    synopsis: ['--from ipvsadm|ldirectord|lvsd --to lvsd|ipvsadm [FILE]'],
    about: [
      "Prints FILE (standard input, if none is named or it is '-') in another language.",
      {
        title: 'Languages',
        terms: [
          ['ipvsadm', "lines as 'ipvsadm -S' prints and 'ipvsadm -R' reads them"],
          ['ldirectord', 'an ldirectord.cf (only --from)'],
          ['lvsd', "our language, which is keepalived's; 'keepalived' means the same"],
        ],
      },
      'What has no counterpart is a warning at its line, and a comment in a configuration.',
    ],
    exit: '0 done, 1 refused, 2 usage.',
  },
  {
    options: {
      from: { ...text, value: 'LANGUAGE', fills: FROM, help: 'what it is' },
      to: { ...text, value: 'LANGUAGE', fills: TO, help: 'what it becomes' },
      strict: { ...flag, help: 'print nothing if there is any warning; exit status 1' },
    },
    words: ['file'],
    read: (values, [file, ...more]): ConvertOrder | Wrong => {
      if (more.length > 0) return { wrong: `'${more.join(' ')}' is one word too many` };
      const from = chosen('from', values.from, FROM);
      const to = chosen('to', values.to, TO);
      if (typeof from !== 'string') return from;
      if (typeof to !== 'string') return to;
      return { from, to, file: file === '-' ? undefined : file, strict: values.strict };
    },
  },
);

export const parseConvert = (args: readonly string[]): ConvertOrder | NoOrder => readCommand(args, convertCommand);

function chosen<C extends string>(option: string, value: string | undefined, choices: readonly C[]): C | Wrong {
  if (value === undefined) return { wrong: `--${option} ${choices.join('|')}?` };
  const meant = value === 'keepalived' ? 'lvsd' : value;
  return choices.find((one) => one === meant) ?? { wrong: `--${option} is ${choices.join(', ')}, not '${value}'` };
}

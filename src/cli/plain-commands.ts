/** Commands of lvsctl that the director answers to a word of the control socket. */
import type { Wrong } from './arguments.js';
import { isWeight, type Request } from './control.js';
import { describe } from './manual.js';

export const statusCommand = describe(
  {
    program: 'lvsctl',
    name: 'status',
    summary: 'services, servers, checks, the engine, what was refused, drift',
    synopsis: [''],
    shares: ['control', 'json'],
    about: [
      `What is in force: each service with its servers, what the checks say of them, then what should be looked at: services without quorum,
      changes that the kernel refused, what somebody else changed, the userspace engine, virtual routers.`,
    ],
  },
  { options: {}, words: [], read: (_, words) => alone({ do: 'status' }, words) },
);

export const reloadCommand = describe(
  {
    program: 'lvsctl',
    name: 'reload',
    summary: 'reads the file again, as SIGHUP does',
    synopsis: [''],
    shares: ['control', 'json'],
    about: ['What did not change is not touched, and a broken file changes nothing.'],
  },
  { options: {}, words: [], read: (_, words) => alone({ do: 'reload' }, words) },
);

export const weightCommand = describe(
  {
    program: 'lvsctl',
    name: 'weight',
    summary: "holds a server's weight until it is 'file' again",
    synopsis: ['SERVER NUMBER|file'],
    shares: ['control', 'json'],
    about: [
      `SERVER as status names it: 'tcp 192.0.2.1:80 -> 10.0.0.1:80'. The weight holds over what the file and all checks say, and over reloads,
      until 'file' takes it back.`,
    ],
  },
  {
    options: {},
    words: ['server-name', ['file', '0'], 'nothing'],
    read: (_, words) => weightRequestOf(words),
  },
);

/** A request of a command that has no words. */
export const alone = (request: Request, [word]: readonly string[]): Request | Wrong =>
  word === undefined ? request : { wrong: `'${word}' is one word too many` };

function weightRequestOf([server, weight, ...more]: readonly string[]): Request | Wrong {
  if (server === undefined || weight === undefined || more.length > 0) return { wrong: 'weight SERVER NUMBER|file' };
  if (weight === 'file') return { do: 'weight', server, weight: null };
  const number = /^\d{1,10}$/.test(weight) ? Number(weight) : undefined;
  return isWeight(number) ? { do: 'weight', server, weight: number } : { wrong: `'${weight}' is not a weight` };
}

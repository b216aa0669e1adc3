import { resolve } from 'node:path';
import { decodePushOrder, type PushOrder, type PushResult, type PushStatus } from '../pair/push-order.js';
import type { Side } from '../pair/push-rounds.js';
import { wallMs } from '../system/clock.js';
import { flag, text, type Wrong } from './arguments.js';
import { harmless } from './check/excerpt.js';
import type { Output } from './face.js';
import { describe } from './manual.js';

/** What lvsctl asks the daemon about one file for both directors. */
export type PushRequest =
  | { readonly do: 'push'; readonly order: PushOrder }
  | { readonly do: 'push-status' }
  | { readonly do: 'push-cancel' };

const options = {
  file: {
    ...text,
    short: 'f',
    value: 'FILE',
    fills: 'file',
    help: "what to push (default: the director's own file, as it is on the disk now)",
  },
  at: {
    ...text,
    value: 'TIME',
    help: 'both begin then, each by its own clock: 23:30, 23:30:15 or 2026-11-21T23:30:00Z (without Z: local time)',
  },
  in: { ...text, value: 'SECONDS', help: 'both begin after so long' },
  check: { ...flag, help: 'only ask whether both would take it' },
  force: { ...flag, help: 'the peer has, and loses, a configuration that did not come from here' },
  status: { ...flag, help: 'what is in force here, what waits for its moment, and how the last push ended' },
  cancel: { ...flag, help: 'what waits for its moment is forgotten on both' },
} as const;

export const pushCommand = describe(
  {
    program: 'lvsctl',
    name: 'push',
    summary: 'one configuration into force on both directors, or on none',
    synopsis: ['[-f FILE] [--at TIME|--in SECONDS] [--check] [--force]', '--status', '--cancel'],
    shares: ['control', 'json'],
    about: [
      `Brings one configuration into force on both directors of the pair, or on none. The peer reads it as a reload would and says what is
      wrong with it; where both would take it both write it in the place of their own file and reload. What one of them cannot take, or does
      not confirm, goes back on both. Files beside and below the main one that it includes go along; lines '@ID ...' are for the director
      whose --config-id is ID.`,
      `The peer's file must say 'pair_accept_push' in global_defs (docs/vrrp.md). A moment more than 20 seconds away is not waited for:
      --status and the log say how it ended.`,
    ],
    exit: '0 in force on both (checked, scheduled), 1 refused, gone back or unknown, 2 usage.',
  },
  {
    options,
    read: ({ file, at, in: after, check, force, status, cancel }): PushRequest | Wrong => {
      const said = [file, at, after].some((value) => value !== undefined) || check || force;
      if ((status || cancel) && (said || (status && cancel)))
        return { wrong: `--${status ? 'status' : 'cancel'} stands alone` };
      if (status) return { do: 'push-status' };
      if (cancel) return { do: 'push-cancel' };
      const when = momentOf(at, after, wallMs());
      if (when !== null && 'wrong' in when) return when;
      if (check && when !== null) return { wrong: '--check is done at once' };
      const order = { file: file === undefined ? null : resolve(file), when, checkOnly: check, force };
      return { do: 'push', order };
    },
  },
);

export function momentOf(at: string | undefined, after: string | undefined, nowMs: number): PushOrder['when'] | Wrong {
  if (at !== undefined && after !== undefined) return { wrong: 'either --at or --in' };
  if (after !== undefined)
    return /^\d{1,6}(\.\d{1,3})?$/.test(after)
      ? { inMs: 1000 * Number(after) }
      : { wrong: `--in is a number of seconds, not '${after}'` };
  if (at === undefined) return null;
  const atMs = /^\d\d:\d\d(:\d\d)?$/.test(at) ? nextAt(at, nowMs) : dateOf(at);
  if (atMs === undefined) return { wrong: `--at is 23:30, 23:30:15 or 2026-11-21T23:30:00Z, not '${at}'` };
  return atMs < nowMs ? { wrong: `${at} is over` } : { atMs };
}

/** The next time that clocks here show it. */
function nextAt(time: string, nowMs: number): number | undefined {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const next = new Date(nowMs);
  next.setHours(hours, minutes, seconds, 0);
  if (next.getTime() < nowMs) next.setDate(next.getDate() + 1);
  return next.getTime();
}

function dateOf(told: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/.test(told)) return undefined;
  const ms = Date.parse(told);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Of a line of JSON; undefined: it is none. */
export function decodePushRequest(told: object): PushRequest | undefined {
  const { do: what, order } = told as Readonly<Record<string, unknown>>;
  if (what === 'push-status' || what === 'push-cancel') return { do: what };
  const read = decodePushOrder(order);
  return read === undefined ? undefined : { do: 'push', order: read };
}

/** Prints how it ended. @returns the exit status */
export function printPush(result: PushResult, json: boolean, output: Output): number {
  if (json) output.out(`${JSON.stringify(result)}\n`);
  else {
    for (const side of ['here', 'peer'] as const)
      output.err(result.complaints[side].map((complaint) => `${nameOf(side)}: ${harmless(complaint)}\n`).join(''));
    if (isGood(result)) output.out(pushText(result));
    else output.err(pushText(result));
  }
  return isGood(result) ? 0 : 1;
}

const nameOf = (side: Side): string => (side === 'here' ? 'here' : 'peer');

const isGood = ({ end: { is } }: PushResult): boolean => is === 'in-force' || is === 'checked' || is === 'scheduled';

export function pushText({ end, fingerprint, atMs }: PushResult): string {
  const because = (why: readonly string[]): string => why.map((one) => `  ${harmless(one)}\n`).join('');
  switch (end.is) {
    case 'checked':
      return `both would take it (${fingerprint}); nothing was changed\n`;
    case 'in-force':
      return `in force on both (${fingerprint})\n`;
    case 'scheduled':
      return `both would take it (${fingerprint}), and begin at ${new Date(atMs ?? 0).toISOString()}\n`;
    case 'refused':
      return `refused; nothing was changed\n${because(end.why)}`;
    case 'back':
      return `${end.peer === 'back' ? 'gone back on both' : 'gone back here; of the peer nothing is known: it goes back by itself unless it heard that it may stay'}\n${because(end.why)}`;
    case 'apart':
      return `the two directors have different configurations now: push again\n${because(end.why)}`;
  }
}

export function pushStatusText({ fingerprint, accepts, running, last, here }: PushStatus): string {
  const at = (ms: number | null): string => (ms === null ? '' : `, at ${new Date(ms).toISOString()}`);
  return [
    `in force here: ${fingerprint ?? 'nothing that comes from files'}; pushes of the peer are ${accepts ? 'taken' : 'refused'}`,
    ...(running === null ? [] : [`${running.state}${at(running.atMs)} (push ${running.id})`]),
    ...(running === null && here !== 'idle' ? [`a push of the peer is ${here}`] : []),
    ...(last === null ? [] : [`last push: ${pushText(last).trimEnd()}`]),
    '',
  ].join('\n');
}

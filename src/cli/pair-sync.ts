/** The lines of `lvsctl pair` about connections. */
import type { ConnectionsReport, PairSeen, ResyncReport, SessionsReport, SyncReport } from '../pair/sync-report.js';

/** Rows of what, here, there: those that say something. */
export function syncRows(sync: PairSeen['sync'] | undefined): string[][] {
  if (sync === null || sync === undefined) return [];
  const row = (what: string, told: (side: SyncReport) => string): string[][] => {
    const [here, there] = [told(sync.ours), sync.theirs === null ? '?' : told(sync.theirs)];
    return here === '' && (there === '' || there === '?') ? [] : [[what, here || '-', there || '-']];
  };
  return [
    ...row('kernel, taken', ({ connections }) => takenText(connections)),
    ...row('kernel, given', ({ connections }) => givenText(connections)),
    ...row('sync daemons', ({ connections }) => daemonsText(connections)),
    ...row('sessions, taken', ({ sessions }) => takesText(sessions)),
    ...row('sessions, given', ({ sessions }) => givesText(sessions)),
    ...row('waits for', ({ waitsFor }) => waitsFor ?? ''),
  ];
}

/** Of the connection itself; nothing while all is well. */
export function syncTrouble(sync: PairSeen['sync'] | undefined): readonly string[] {
  if (sync === undefined) return [];
  if (sync === null) return ['connections are not synchronised: lvsd sync does not answer here'];
  const { is, why, forMs, notListening } = sync.ours.peer;
  return [
    ...(is === 'connected' ? [] : [`connections are not synchronised for ${seconds(forMs)}: ${why ?? is}`]),
    ...(notListening === null ? [] : [`the peer cannot call us for connections: ${notListening}`]),
  ];
}

function takenText({ is, why, messages, runningForMs, taken }: ConnectionsReport): string {
  switch (is) {
    case 'running':
      return `under way for ${seconds(runningForMs ?? 0)}, ${messages} messages`;
    case 'failed':
      return `failed: ${why ?? ''}`;
    case 'due':
      return `not yet: ${why ?? ''}`;
    case 'off':
      if (taken !== null) return resyncText(taken);
      return why === null ? '' : `nothing: ${why}`;
    case 'done':
      return taken === null ? '' : resyncText(taken);
  }
}

const givenText = ({ isGiving, given }: ConnectionsReport): string =>
  [...(isGiving ? ['under way'] : []), ...(given === null ? [] : [resyncText(given)])].join('; ');

const resyncText = ({ connections, sent, missing, untold, msAgo, tookMs }: ResyncReport): string =>
  [
    `${connections} in ${seconds(tookMs)}, ${seconds(msAgo)} ago`,
    `${sent} sent`,
    `${missing} missing`,
    ...(untold === 0 ? [] : [`${untold} that cannot be told`]),
  ].join(', ');

const daemonsText = ({ daemons, lostMessages }: ConnectionsReport): string =>
  [
    ...daemons.map(({ state, interface: at, syncId }) => `${state} on ${at} id ${syncId}`),
    ...(lostMessages === null ? [] : [`${lostMessages} messages lost at its door`]),
  ].join(', ');

function takesText({ takes, why }: SessionsReport): string {
  if (takes === null) return why === null ? '' : `nothing: ${why}`;
  const { phase, isWhole, taken, refused } = takes;
  return `${isWhole ? 'whole' : phase}, ${taken} taken, ${refused} refused`;
}

function givesText({ gives }: SessionsReport): string {
  if (gives === null) return '';
  const { phase, taken, refused, unconfirmedBytes, confirmedMsAgo } = gives;
  const lag = unconfirmedBytes === 0 ? 'no lag' : `${unconfirmedBytes} bytes for ${seconds(confirmedMsAgo)} behind`;
  return `${phase === 'changes' ? 'whole' : phase}, ${taken} taken, ${refused} refused, ${lag}`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

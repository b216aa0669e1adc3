import type { CheckStatus, Status } from './control.js';

/** What `lvsctl status` prints: services with their destinations, then what is wrong, if anything is. */
export function statusText(status: Status): string {
  return [
    ...status.services.flatMap(({ service, scheduler, destinations }) => [
      `${service} ${scheduler}`,
      ...destinations.map(({ destination, method, weight }) => `  -> ${destination} ${method} weight ${weight}`),
    ]),
    ...section('checks', status.checks.map(checkText)),
    ...section('without quorum', status.quorumLost),
    ...section('last plan', status.lastPlan),
    ...section(
      'refused, tried again',
      status.refused.map(({ change, reason }) => `${change}: ${reason}`),
    ),
    ...section('changed by somebody else, to undo', status.drift),
    ...section('made by somebody else, left alone', status.foreign),
    `kernel writes: ${status.writes}`,
    '',
  ].join('\n');
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];

const checkText = ({ server, check, verdict, proven, last, detail }: CheckStatus): string =>
  `${server} ${check} ${verdict}${proven ? '' : ' (assumed)'}${last === 'none' ? '' : `, last: ${last}, ${detail}`}`;

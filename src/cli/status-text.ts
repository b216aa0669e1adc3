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

/** `… tcp down since 2026-01-02T03:04:05.678Z (damped), 3 of 120 attempts failed, last: failed, connect ECONNREFUSED` */
function checkText(status: CheckStatus): string {
  const { server, check, verdict, since, attempts, failures, last, detail } = status;
  const when = since === null ? '' : ` since ${since}`;
  const notes = notesOn(status);
  const beside = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
  const tries = attempts === 0 ? '' : `, ${failures} of ${attempts} attempts failed`;
  return `${server} ${check} ${verdict}${when}${beside}${tries}${last === 'none' ? '' : `, last: ${last}, ${detail}`}`;
}

const notesOn = ({ proven, damped, suspended, servers, weight }: CheckStatus): readonly string[] => [
  ...(proven ? [] : ['assumed']),
  ...(damped ? ['damped'] : []),
  ...(suspended ? ['suspended'] : []),
  ...(servers > 1 ? [`shared by ${servers} servers`] : []),
  ...(weight === null ? [] : ['set' in weight ? `weight ${weight.set}` : `weight ${signed(weight.add)}`]),
];

const signed = (number: number): string => (number < 0 ? String(number) : `+${number}`);

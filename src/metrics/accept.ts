import type { Format } from './text.js';

const OPENMETRICS = 'application/openmetrics-text';

/** What an `accept` header would rather have (RFC 9110 12.5.1): OpenMetrics only for who names it. */
export function formatFor(accept = ''): Format {
  const qualities = accept.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase());
    const said = parameters.find((word) => word.startsWith('q='));
    const quality = said === undefined ? 1 : Number(said.slice(2));
    return { type, quality: Number.isFinite(quality) ? quality : 0 };
  });
  const best = (wanted: readonly string[]): number =>
    Math.max(0, ...qualities.flatMap(({ type, quality }) => (wanted.includes(type) ? [quality] : [])));
  const open = best([OPENMETRICS]);
  return open > 0 && open >= best(['text/plain']) ? 'openmetrics' : 'prometheus';
}

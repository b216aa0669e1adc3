import type { Check, CheckTarget, HttpUrl } from '../config/configuration.js';
import type { Target } from '../health/check.js';
import type { HttpUrl as ProbedUrl } from '../health/http.js';
import type { Check as Probe, MonitorSettings } from '../health/monitor.js';

/** A check of the file as the settings of a monitor: seconds become milliseconds, a round of urls a number of successes. */
export function monitorSettings(check: Check): MonitorSettings {
  const { intervalSeconds, retries, retryDelaySeconds, warmupSeconds } = check.pace;
  const intervalMs = 1000 * intervalSeconds;
  return {
    check: probe(check),
    intervalMs,
    retries,
    retryDelayMs: 1000 * retryDelaySeconds,
    warmupMs: 1000 * warmupSeconds,
    rise: check.is === 'http' ? check.urls.length + 1 : 1,
    riseDelayMs: check.is === 'http' && check.fastRecovery ? 0 : intervalMs,
  };
}

function probe(check: Check): Probe {
  const common = { target: target(check.target), timeoutMs: 1000 * check.target.timeoutSeconds };
  if (check.is === 'tcp') return { kind: 'tcp', ...common };
  const { protocol, tls, urls } = check;
  return { kind: 'http', ...common, protocol, urls: urls.map(probedUrl), ...(tls === undefined ? {} : { tls }) };
}

const target = ({ address, port, bindAddress, bindPort }: CheckTarget): Target => ({
  address,
  port,
  ...(bindAddress === undefined ? {} : { bindAddress }),
  ...(bindPort === undefined ? {} : { bindPort }),
});

const probedUrl = ({ path, host, statusCodes, digest, pattern }: HttpUrl): ProbedUrl => ({
  path,
  host,
  statusCodes,
  ...(digest === undefined ? {} : { digest }),
  ...(pattern === undefined ? {} : { pattern }),
});

/** The same text for the same check, wherever it stands in its file: what tells a reload that a monitor may go on. */
export const checkIdentity = (check: Check): string =>
  JSON.stringify(check, (key, value: unknown) =>
    key === 'position' ? undefined : value instanceof RegExp ? String(value) : value,
  );

/** What a check asks for and a socket of Node cannot be given. */
export const unsupported = ({ target: { bindInterface, mark } }: Check): string[] => [
  ...(bindInterface === undefined ? [] : ['bind_if']),
  ...(mark === 0 ? [] : ['fwmark']),
];

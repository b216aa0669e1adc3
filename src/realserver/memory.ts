import type { DscpMapping, GuePort } from './plan.js';

/** What was there before us, and what we added: enough to undo it. Kept as JSON in the state folder. */
export interface Memory {
  readonly version: 1;
  /** Of the boot it is about: what we set is gone with it. */
  readonly boot: string;
  /** Of the network namespace it is about: `net:[4026531840]`. */
  readonly namespace: string;
  /** Values before our first change, by name. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Devices that were not there. */
  readonly created: readonly string[];
  /** UDP ports for gue that were not open. */
  readonly opened: readonly GuePort[];
  /** Interfaces that were down. */
  readonly setUp: readonly string[];
  /** VIPs that were asked for; `added`: it was not there before. */
  readonly vips: readonly { readonly interface: string; readonly address: string; readonly added: boolean }[];
  /** What DSCPs mean because it was asked for. */
  readonly dscps: readonly DscpMapping[];
}

export const emptyMemory = (boot: string, namespace: string): Memory => ({
  version: 1,
  boot,
  namespace,
  sysctls: {},
  created: [],
  opened: [],
  setUp: [],
  vips: [],
  dscps: [],
});

export const printMemory = (memory: Memory): string => `${JSON.stringify(memory, undefined, 2)}\n`;

/** undefined: the text is no memory of ours. */
export function parseMemory(text: string): Memory | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // one that was written before there was L3DSR
  const complete = isRecord(value) && value['dscps'] === undefined ? { ...value, dscps: [] } : value;
  return isMemory(complete) ? complete : undefined;
}

function isMemory(value: unknown): value is Memory {
  if (!isRecord(value)) return false;
  const { version, boot, namespace, sysctls, created, opened, setUp, vips, dscps } = value;
  return (
    version === 1 &&
    typeof boot === 'string' &&
    typeof namespace === 'string' &&
    isRecord(sysctls) &&
    Object.values(sysctls).every((before) => typeof before === 'string') &&
    [created, setUp].every((names) => Array.isArray(names) && names.every((name) => typeof name === 'string')) &&
    Array.isArray(opened) &&
    opened.every(isPort) &&
    Array.isArray(vips) &&
    vips.every(isVip) &&
    Array.isArray(dscps) &&
    dscps.every(isMapping)
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isPort = (value: unknown): boolean =>
  isRecord(value) && (value['family'] === 'ip4' || value['family'] === 'ip6') && typeof value['port'] === 'number';

const isVip = (value: unknown): boolean =>
  isRecord(value) &&
  typeof value['interface'] === 'string' &&
  typeof value['address'] === 'string' &&
  typeof value['added'] === 'boolean';

const isMapping = (value: unknown): boolean =>
  isRecord(value) && typeof value['dscp'] === 'number' && typeof value['vip'] === 'string';

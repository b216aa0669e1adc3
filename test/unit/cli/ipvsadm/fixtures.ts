import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { canonicalAddress } from '../../../../src/model/address.js';
import type { Io } from '../../../../src/cli/ipvsadm/io.js';
import type { Names } from '../../../../src/cli/ipvsadm/names.js';

/** Compiled tests run from build/test/…; the goldens stay where they are written. */
export const goldenFolder = join(import.meta.dirname, '../../../../../test/golden/ipvsadm');

export interface RecordedStep {
  readonly argv: readonly string[];
  readonly stdin?: string | null;
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly env?: boolean;
  readonly volatile?: 'conn' | 'rate' | 'stats' | 'proc';
  readonly stdout_norm?: string | null;
}

export interface RecordedCase {
  readonly id: string;
  readonly title: string;
  readonly tags?: readonly string[];
  readonly steps: readonly RecordedStep[];
}

/** What went over netlink in one step, and which files of /proc were read. */
export type Exchanged =
  | { readonly dir: 'family' }
  | { readonly dir: 'req' | 'rep'; readonly hex: string }
  | { readonly dir: 'file'; readonly path: string; readonly text: string };

export interface ReplayedStep extends RecordedStep {
  readonly id: string;
  readonly step: number;
  readonly io: readonly Exchanged[];
  /** What the original was told instead of the kernel's answer: ten counters, or the text of the connection table. */
  readonly inject?: { readonly stats64?: readonly bigint[]; readonly conn?: string };
}

const jsonLines = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line.replace(/"stats64": ?\[([0-9, ]*)\]/, quoted), exact) as T);

const quoted = (_: string, numbers: string): string => `"stats64":[${numbers.replace(/[0-9]+/g, '"$&"')}]`;

/** Counters up to 2^64 − 1 are not safe as numbers, so those lists are read from their digits. */
function exact(this: unknown, name: string, value: unknown): unknown {
  return name === 'stats64' ? (value as string[]).map(BigInt) : value;
}

export const recordedCases = (): RecordedCase[] => jsonLines(readFileSync(join(goldenFolder, 'cases.jsonl'), 'utf8'));

export const replayedSteps = (): ReplayedStep[] =>
  jsonLines(gunzipSync(readFileSync(join(goldenFolder, 'replay.jsonl.gz'))).toString('utf8'));

const words = (file: string): string[][] =>
  readFileSync(join(goldenFolder, 'driver/fixtures', file), 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter(([first]) => first !== '');

/** The names that the recordings were made with: files only. */
export function fixtureNames(): Names {
  const hosts = words('hosts').map(([address = '', ...names]) => ({ address: canonicalAddress(address), names }));
  const services = words('services').map(([name = '', place = '', ...aliases]) => {
    const [port, protocol] = place.split('/');
    return { names: [name, ...aliases], port: Number(port), protocol };
  });
  const lower = (name: string): string => name.toLowerCase();
  return {
    hostByName: (name) => {
      const host = hosts.find(
        ({ address, names }) => !address?.includes(':') && names.map(lower).includes(lower(name)),
      );
      return host?.address;
    },
    hostByAddress: (wanted) => hosts.find(({ address }) => address === wanted)?.names[0],
    serviceByName: (name, protocol) =>
      services.find((service) => service.protocol === protocol && service.names.includes(name))?.port,
    serviceByPort: (port, protocol) =>
      services.find((service) => service.protocol === protocol && service.port === port)?.names[0],
  };
}

/** An Io that remembers what was printed. What a test needs beside, it gives. */
export function testIo(
  given: Pick<Io, 'open'> & Partial<Io> & { readonly stdin?: string },
): Io & { readonly printed: { stdout: string; stderr: string } } {
  const printed = { stdout: '', stderr: '' };
  let stdin: string | undefined = given.stdin;
  return {
    printed,
    program: () => 'ipvsadm',
    out: (text) => (printed.stdout += text),
    err: (text) => (printed.stderr += text),
    readLines: () => {
      const text = stdin;
      stdin = undefined;
      return text;
    },
    readFile: () => undefined,
    names: fixtureNames(),
    loadModule: () => false,
    privileged: () => true,
    ...given,
  };
}

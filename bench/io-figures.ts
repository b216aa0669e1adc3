/** What native/bench/io_bench/run.sh says, and what that says about what was wanted. */
import { median } from './statistics.js';

/** A method at an offered rate: packets per second, microseconds. */
export interface Measured {
  readonly method: string;
  readonly offered: number;
  readonly sent: number;
  /** Per second of the sender's time. */
  readonly got: number;
  readonly p50: number;
  readonly p99: number;
}

/** `native nat  offered 20000  sent 19998 in 1.000 s: 19998 pps | got 19998 p50 20 us p99 51 us …`; undefined: another line. */
export function measuredOf(line: string): Measured | undefined {
  const match =
    /^(.*?)\s+offered\s+(\d+)\s+sent (\d+) in ([\d.]+) s: (\d+) pps \| got (\d+) p50 ([\d.]+) us p99 ([\d.]+) us/.exec(
      line,
    );
  if (match === null) return undefined;
  const [, method = '', offered, , seconds, sent, got, p50, p99] = match;
  return {
    method,
    offered: Number(offered),
    sent: Number(sent),
    got: Number(got) / Number(seconds),
    p50: Number(p50),
    p99: Number(p99),
  };
}

/** A method over all rates: medians of the rounds. */
export interface Series {
  readonly method: string;
  readonly peak: number;
  /** Goodput at the highest rate that was offered. */
  readonly overload: number;
  /** At the lowest rate. */
  readonly p50: number;
  readonly p99: number;
}

export function seriesOf(rounds: readonly (readonly Measured[])[]): readonly Series[] {
  const methods = new Set(rounds.flat().map(({ method }) => method));
  return [...methods].map((method) => {
    const each = rounds
      .map((round) => round.filter((one) => one.method === method).sort((a, b) => a.offered - b.offered))
      .filter((rates) => rates.length > 0);
    const of = (figure: (rates: readonly Measured[]) => number): number => median(each.map(figure));
    return {
      method,
      peak: of((rates) => Math.max(...rates.map(({ got }) => got))),
      overload: of((rates) => rates.at(-1)!.got),
      p50: of((rates) => rates[0]!.p50),
      p99: of((rates) => rates[0]!.p99),
    };
  });
}

export interface Wanted {
  readonly what: string;
  readonly is: string;
  readonly wanted: string;
}

/** @param alone everything was on one core */
export function wantedOf(series: readonly Series[], alone: boolean): readonly Wanted[] {
  const of = (method: string): Series | undefined => series.find((one) => one.method === method);
  const ratio = (what: string, base: string, least: number): readonly Wanted[] => {
    const [ours, theirs] = [of(what), of(base)];
    if (ours === undefined || theirs === undefined) return [];
    return [{ what: `${what} to ${base}`, is: `${(ours.peak / theirs.peak).toFixed(2)} ×`, wanted: `≥ ${least} ×` }];
  };
  if (!alone) {
    const ours = ['native direct', 'packet direct'].map(of).filter((one) => one !== undefined);
    const best = ours.sort((a, b) => b.peak - a.peak)[0];
    return best === undefined ? [] : ratio(best.method, 'ip_forward', 0.9);
  }
  const engine = series.filter(({ method }) => /^(native|packet)/.test(method));
  return [
    ...ratio('native direct', 'ip_forward', 0.5),
    ...ratio('packet direct', 'ip_forward', 0.4),
    ...ratio('native nat', 'dnat', 0.75),
    ...engine.map(({ method, p50 }) => ({
      what: `${method}: p50 at low load`,
      is: `${p50.toFixed(0)} µs`,
      wanted: '< 50 µs',
    })),
    ...engine.map(({ method, overload, peak }) => ({
      what: `${method}: goodput under overload to peak`,
      is: (overload / peak).toFixed(2),
      wanted: '> 0.33',
    })),
  ];
}

/** What the costs of forwarding say about what was wanted of them. */

/** A line of forward-bench --json. */
export interface Cost {
  readonly method: string;
  readonly flows: number;
  readonly servers: number;
  readonly services: number;
  readonly medianNs: number;
  readonly leastNs: number;
  readonly mostNs: number;
  readonly cycles: number;
  readonly allForwarded: boolean;
}

export interface Verdict {
  readonly what: string;
  readonly is: string;
  readonly wanted: string;
}

const FEW_FLOWS = { ns: 25, cycles: 65 };
const MANY_FLOWS = { ns: 40, cycles: 104 };
const MANY = 1_000_000;
const MOST_TO_GRE4 = 1.5;
const MOST_GROWTH = 0.15;

const highest = (values: readonly number[]): number => Math.max(...values);

/** One row for each thing that was wanted and was measured. */
export function judged(costs: readonly Cost[]): readonly Verdict[] {
  const ofOneService = costs.filter(({ services }) => services === 1);
  return [...limits(ofOneService), ...ratios(ofOneService), ...growth(ofOneService)];
}

function limits(costs: readonly Cost[]): readonly Verdict[] {
  const gre = costs.filter(({ method }) => method === 'GRE4');
  return [
    { what: 'GRE4, up to 10,000 flows', of: gre.filter(({ flows }) => flows < MANY), most: FEW_FLOWS },
    { what: 'GRE4, 1,000,000 flows', of: gre.filter(({ flows }) => flows === MANY), most: MANY_FLOWS },
  ]
    .filter(({ of }) => of.length > 0)
    .map(({ what, of, most }) => ({
      what,
      is: `${highest(of.map(({ medianNs }) => medianNs)).toFixed(1)} ns, ${highest(of.map(({ cycles }) => cycles)).toFixed(0)} cycles`,
      wanted: `≤ ${most.ns} ns, ${most.cycles} cycles`,
    }));
}

/** The worst pair of the same flows and servers. */
function ratios(costs: readonly Cost[]): readonly Verdict[] {
  const gre = new Map(
    costs.filter(({ method }) => method === 'GRE4').map((cost) => [`${cost.flows} ${cost.servers}`, cost.medianNs]),
  );
  return [...new Set(costs.map(({ method }) => method))]
    .filter((method) => method !== 'GRE4')
    .flatMap((method) => {
      const to = costs
        .filter((cost) => cost.method === method)
        .flatMap(({ flows, servers, medianNs }) => {
          const base = gre.get(`${flows} ${servers}`);
          return base === undefined ? [] : [medianNs / base];
        });
      if (to.length === 0) return [];
      return [{ what: `${method} to GRE4, worst`, is: `${highest(to).toFixed(2)} ×`, wanted: `≤ ${MOST_TO_GRE4} ×` }];
    });
}

/** How much more the dearest number of servers costs than the cheapest. */
function growth(costs: readonly Cost[]): readonly Verdict[] {
  const groups = new Map<string, number[]>();
  for (const { method, flows, medianNs } of costs) {
    const key = `${method} ${flows}`;
    groups.set(key, [...(groups.get(key) ?? []), medianNs]);
  }
  const grown = [...groups.values()]
    .filter((times) => times.length > 1)
    .map((times) => highest(times) / Math.min(...times) - 1);
  if (grown.length === 0) return [];
  return [
    {
      what: '2 to 1,000 servers, worst',
      is: `${(100 * highest(grown)).toFixed(0)} %`,
      wanted: `< ${100 * MOST_GROWTH} %`,
    },
  ];
}

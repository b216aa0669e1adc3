/** `wrong`: it does not work, or not for everybody · `risk`: it will not in circumstances that come · `hint`: it could be quicker or safer. */
export type Severity = 'wrong' | 'risk' | 'hint';

/** One thing that one machine has and should not have. */
export interface Finding {
  /** Of the rule, for programs: `arp-ignore`. */
  readonly rule: string;
  readonly severity: Severity;
  /** What is the case, with the names and numbers of this machine. */
  readonly text: string;
  readonly why: string;
  /** A command for a shell of `mendOn`; null: no single one does. */
  readonly mend: string | null;
  /** `machine`: the one that was looked at. */
  readonly mendOn: 'machine' | 'director';
}

/** What one rule found on one machine. */
export interface Found {
  readonly text: string;
  readonly mend?: string;
  /** Absent: on the machine that was looked at. */
  readonly mendOn?: 'director';
}

/** Something that may be wrong with a machine of this kind, and why it matters. */
export interface Rule<Expected> {
  readonly name: string;
  readonly severity: Severity;
  readonly why: string;
  readonly look: (machine: Expected) => readonly Found[];
}

const weight: Readonly<Record<Severity, number>> = { wrong: 0, risk: 1, hint: 2 };

/** The gravest first; among those of one gravity in the order of the rules. */
export const examine = <Expected>(rules: readonly Rule<Expected>[], machine: Expected): readonly Finding[] =>
  rules
    .flatMap(({ name, severity, why, look }) =>
      look(machine).map(
        ({ text, mend, mendOn }): Finding => ({
          rule: name,
          severity,
          text,
          why,
          mend: mend ?? null,
          mendOn: mendOn ?? 'machine',
        }),
      ),
    )
    .sort((one, other) => weight[one.severity] - weight[other.severity]);

/**
 * The one runner behind `npm test`: node build/test/run.js [--kind KIND]... [--only PATTERN] [--kernel uml|qemu|host]...
 *
 * Kinds: unit (*.test.js, by plain node), native (C++ programs), lab and conformance (*.lab.js and *.conformance.js inside a guest
 * that has IPVS, and the *.test.js that start guests themselves); all of them by default.
 * PATTERN is a regular expression over the files' names. A guest's file runs on the kernels that its line `// kernels: uml, qemu`
 * names, without such a line on uml. A plain test's line `// mostly waits` says that it may run beside two others.
 *
 * Files run beside each other, on machines whose cores others use too. One that failed then is run once more at the end, alone; which those
 * were, and what they said, is printed in any case. More than six are no accident: none gets a second try.
 *
 * What failed is printed again at the end; the last line is `N passed, N failed, N skipped`; run/outcome.ts says what is counted.
 * Exit status 1 if anything failed, could not run, or if nothing ran.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type GuestPlan, guestTasks, type Kernel, prepareKernel, runInGuest } from './run/guest.js';
import { indent, judge, type Outcome, type Run } from './run/outcome.js';
import { runProcess } from './run/process.js';

const kinds = ['unit', 'native', 'lab', 'conformance'] as const;
type Kind = (typeof kinds)[number];
const kernels: readonly Kernel[] = ['uml', 'qemu', 'host'];

const { values: options } = parseArgs({
  options: {
    kind: { type: 'string', multiple: true },
    only: { type: 'string', default: '' },
    kernel: { type: 'string', multiple: true },
  },
});
const chosenKinds = choose('kind', kinds, options.kind);
const chosenKernels = choose('kernel', kernels, options.kernel ?? ['uml', 'qemu']);
const only = new RegExp(options.only);

/** Where the files of a kind are, and how their names end. */
const places: Record<Kind, { readonly folder: string; readonly ending: RegExp }> = {
  unit: { folder: 'build/test', ending: /^(?!build\/test\/lab\/).*\.test\.js$/ },
  native: { folder: 'build/test/native', ending: /-test$/ },
  lab: { folder: 'build/test/lab', ending: /\.(lab|test)\.js$/ },
  conformance: { folder: 'build/test/conformance', ending: /\.conformance\.js$/ },
};

const SECOND = 1000;
const HOST_LIMIT_MS = 900 * SECOND;
/** What a kernel needs: emulation is slow. */
const guestPlans: Record<Kernel, Pick<GuestPlan, 'freshGuests' | 'limitMs' | 'limit'>> = {
  uml: { freshGuests: true, limitMs: 600 * SECOND, limit: 3000 },
  qemu: { freshGuests: false, limitMs: 900 * SECOND, limit: 3600 },
  host: { freshGuests: false, limitMs: 300 * SECOND, limit: 3000 },
};

process.chdir(join(import.meta.dirname, '../..'));
const total = { passed: 0, failed: 0, skipped: 0 };
/** What failed, told again at the end: whoever reads a log from behind finds it. */
const broken: string[] = [];
/** What failed beside others and passed alone. */
const shaky: string[] = [];
const MOST_SECOND_TRIES = 6;

/** How a file ended, and how it is run once more. */
interface Ended {
  readonly outcome: Outcome;
  readonly told: readonly string[];
  readonly again: (report: (run: Run) => void) => Promise<void>;
}
const failedBesideOthers: Ended[] = [];

const files = chosenKinds.flatMap(filesOf);
const guests = chosenKernels.flatMap((kernel) =>
  guestTasks({
    ...guestPlans[kernel],
    kernel,
    files: files.filter((file) => !isForHost(file) && kernelsOf(file).includes(kernel)),
  }),
);
// Kernels are fetched first, outside of any test's time limit; one that cannot be had fails its files below, with the reason.
for (const kernel of new Set(guests.map((guest) => guest.kernel))) await prepareKernel(kernel);
await runHere(files.filter(isForHost));
await runGuests(guests);
await runFailedAgain();

if (shaky.length > 0) console.log(['', 'What failed beside others and passed alone:', ...shaky].join('\n'));
if (broken.length > 0) console.log(['', 'What failed:', ...broken, ''].join('\n'));
if (total.passed + total.failed === 0) console.log('nothing ran');
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

function choose<T extends string>(option: string, known: readonly T[], wanted: readonly string[] = known): T[] {
  return wanted.map((word) => {
    const found = known.find((one) => one === word);
    if (found !== undefined) return found;
    console.error(`--${option} ${word}: expected ${known.join(', ')}`);
    process.exit(2);
  });
}

function filesOf(kind: Kind): string[] {
  const { folder, ending } = places[kind];
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return files.filter((file) => ending.test(file) && isFresh(file) && only.test(file)).sort();
}

/** A compiled file whose source was removed or renamed stays in build/ for ever; it is no test any more. */
function isFresh(file: string): boolean {
  return !file.endsWith('.js') || existsSync(file.replace(/^build\//, '').replace(/\.js$/, '.ts'));
}

function kernelsOf(file: string): string[] {
  const named = /^\/\/ kernels: (.*)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 'uml';
  const words = named.split(/[\s,]+/);
  return words.includes('uml') ? [...words, 'host'] : words;
}

/** Plain tests, those of the lab's own walls among them, and programs; the others need a guest. */
function isForHost(file: string): boolean {
  return file.endsWith('.test.js') || !file.endsWith('.js');
}

/** Two files at a time, and a third one that mostly waits. */
async function runHere(all: readonly string[]): Promise<void> {
  const busy = all.filter((file) => !mostlyWaits(file));
  const patient = all.filter(mostlyWaits);
  const worker = async (...lists: readonly string[][]): Promise<void> => {
    for (const waiting of lists)
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
        await once(file, (run) => report('host', run, (report) => once(file, report)));
  };
  const once = async (file: string, report: (run: Run) => void): Promise<void> =>
    report(await runProcess(file, file.endsWith('.js') ? [process.execPath, file] : [file], HOST_LIMIT_MS));
  await Promise.all([worker(patient), worker(busy, patient), worker(busy, patient)]);
}

function mostlyWaits(file: string): boolean {
  return file.endsWith('.js') && /^\/\/ mostly waits$/m.test(readFileSync(file, 'utf8'));
}

/** A guest has one CPU, so that two are twice as fast. The longest task first. */
async function runGuests(tasks: readonly GuestPlan[]): Promise<void> {
  const waiting = tasks.toSorted((one, other) => other.files.length - one.files.length);
  const lane = async (cpu: number): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      const { kernel } = task;
      await runInGuest(task, cpu, (run) =>
        report(kernel, run, (report) => runInGuest({ ...task, files: [run.file] }, cpu, report)),
      );
    }
  };
  await Promise.all([lane(0), lane(1)]);
}

function report(where: string, run: Run, again: Ended['again']): void {
  const outcome = judge(run);
  const ended = { outcome, told: toldOf(where, run, outcome), again };
  console.log(ended.told.join('\n'));
  if (ended.outcome.failed > 0 && files.length > 1) failedBesideOthers.push(ended);
  else count(ended);
}

/** Alone: nothing else runs any more. */
async function runFailedAgain(): Promise<void> {
  const isAccident = failedBesideOthers.length <= MOST_SECOND_TRIES;
  for (const first of failedBesideOthers) {
    if (!isAccident) {
      count(first);
      continue;
    }
    const { again } = first;
    await again((run) => {
      const outcome = judge(run);
      const second = { outcome, told: toldOf('alone', run, outcome), again };
      console.log(second.told.join('\n'));
      if (second.outcome.failed === 0) shaky.push(...first.told);
      count(second);
    });
  }
}

function count({ outcome: { passed, failed, skipped }, told }: Ended): void {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  if (failed > 0) broken.push(...told);
}

/** What is printed of a file that was run. */
function toldOf(where: string, run: Run, { passed, failed, skipped, reasons, failures }: Outcome): readonly string[] {
  const counts = [`${passed} passed`, failed > 0 && `${failed} FAILED`, skipped > 0 && `${skipped} skipped`];
  const name = run.file.replace(/^build\//, '');
  const told = [`${where} ${name}: ${counts.filter(Boolean).join(', ')} (${(run.ms / SECOND).toFixed(1)} s)`];
  for (const [reason, times] of reasons) told.push(indent(`skipped ${times}: ${reason}`));
  for (const failure of failures) told.push(indent(failure));
  return told;
}

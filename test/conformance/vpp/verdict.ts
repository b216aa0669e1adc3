import type { Case } from './cases.js';
import { type Alter, Driver, textOf } from './driver.js';
import { groups, portByMac } from './groups.js';
import { Judge } from './judge.js';

/** What is wrong with a case; nothing: it passed. Never throws for what the product does. */
export function faultsOf(one: Case, alter?: Alter): readonly string[] {
  const judge = new Judge(alter);
  try {
    const single = followed(one, judge);
    const outcomes = judge.faults.slice();
    const whole = wholeCase(one, judge, alter);
    const more = groups.filter(({ name }) => name.test(one.name)).flatMap(({ check }) => check(one, judge));
    return [
      ...outcomes,
      ...(single === whole ? [] : ['captures sent in at once come out otherwise than packet by packet']),
      ...more,
    ];
  } catch (error) {
    return [...judge.faults, `it ended early: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    judge.driver.close();
  }
}

/** Packet by packet under the judge's eyes; what came out, as text. */
function followed(one: Case, judge: Judge): string {
  for (const line of one.script) judge.type(line);
  const out: string[] = [];
  for (const step of one.steps) {
    if (step.do === 'type') judge.type(step.line);
    else if (step.do === 'wait') judge.wait(step.seconds);
    else
      for (const frame of step.frames) {
        const text = textOf(judge.step(step.port ?? portByMac(judge, step.frames), frame));
        if (text !== '') out.push(text);
      }
  }
  return sorted(out.join('\n'));
}

/** Another engine, whole captures at once: batches must not differ from single packets. */
function wholeCase(one: Case, judge: Judge, alter: Alter | undefined): string {
  const driver = new Driver(alter);
  try {
    for (const line of one.script) driver.type(line);
    const out: string[] = [];
    for (const step of one.steps) {
      if (step.do === 'type') driver.type(step.line);
      else if (step.do === 'wait') driver.wait(step.seconds);
      else out.push(textOf(driver.inject(step.port ?? portByMac(judge, step.frames), step.frames)));
    }
    return sorted(out.join('\n'));
  } finally {
    driver.close();
  }
}

/** What is held and what is not may leave in another order. */
const sorted = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .sort()
    .join('\n');

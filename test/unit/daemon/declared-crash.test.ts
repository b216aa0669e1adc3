/** kill -9 at every step of a transaction: the next lvsd finds all of it or nothing, and never half. */
import t from 'tap';
import type { Transaction } from '../../../src/declare/change.js';
import type { AppendedFile } from '../../../src/system/appended-file.js';
import { tableText } from '../../helpers/configuration.js';
import {
  declared,
  type DeclaredSite,
  declaredSite,
  MemoryAppendedFile,
  server,
  startDeclaring,
} from '../../helpers/declared-site.js';
import { FakeKernel } from '../../helpers/fake-kernel.js';
import { settled } from '../../helpers/fake-clock.js';
import { MemoryFile } from '../../helpers/memory-file.js';
import type { Change, Outcomes } from '../../../src/model/change.js';

/** Counts the moments at which a process may be killed; from the fatal one on nothing happens any more. */
class Fate {
  moments = 0;
  #fatal = Number.POSITIVE_INFINITY;

  /** The moment, counted from now, that is the last. */
  strikeAt(moment: number): void {
    this.#fatal = this.moments + moment;
  }

  get isOver(): boolean {
    return this.moments >= this.#fatal;
  }

  /** Never resolves where it ends. */
  async moment(): Promise<void> {
    if (this.isOver || ++this.moments >= this.#fatal) await new Promise(() => undefined);
  }
}

class MortalFile implements AppendedFile {
  readonly #under: MemoryAppendedFile;
  readonly #fate: Fate;
  readonly path = '/memory/declared.jsonl';
  constructor(under: MemoryAppendedFile, fate: Fate) {
    this.#under = under;
    this.#fate = fate;
  }
  read(): Promise<string | undefined> {
    return this.#under.read();
  }
  async write(text: string): Promise<void> {
    await this.#fate.moment();
    await this.#under.write(text);
    await this.#fate.moment();
  }
  async append(line: string): Promise<void> {
    await this.#fate.moment();
    const before = this.#under.text ?? '';
    for (const part of [1, Math.floor(line.length / 2), line.length - 1]) {
      this.#under.text = `${before}${line.slice(0, part)}`;
      await this.#fate.moment();
    }
    this.#under.text = before;
    await this.#under.append(line);
    await this.#fate.moment();
  }
}

class MortalState extends MemoryFile {
  readonly #fate: Fate;
  constructor(text: string | undefined, fate: Fate) {
    super(text);
    this.#fate = fate;
  }
  override async write(text: string): Promise<void> {
    await this.#fate.moment();
    await super.write(text);
    await this.#fate.moment();
  }
}

/** Takes changes one by one. */
class MortalKernel extends FakeKernel {
  fate: Fate | undefined;
  override async apply(changes: readonly Change[]): Promise<Outcomes> {
    const outcomes: (Error | undefined)[] = [];
    for (const change of changes) {
      await this.fate?.moment();
      outcomes.push(...(await super.apply([change])));
    }
    await this.fate?.moment();
    return outcomes;
  }
}

const id = 'tcp-192.0.2.2-80';
const transactions: Readonly<Record<string, Transaction>> = {
  'services come and go': {
    changes: [
      { do: 'put-service', service: declared(3) },
      { do: 'put-service', service: declared(4, [1, 2, 3]) },
      { do: 'delete-service', id },
    ],
    who: 'test',
  },
  'servers of one service, and an override': {
    changes: [
      { do: 'put-destination', service: id, destination: server(2, 9, { weight: 5 }) },
      { do: 'delete-destination', service: id, id: '10.0.2.1-80' },
      { do: 'patch-service', id, patch: { scheduler: 'wlc' } },
      { do: 'override', service: 'tcp-192.0.2.1-80', destination: '10.0.0.1-80', weight: 0 },
    ],
    who: 'test',
  },
  'to be confirmed': {
    changes: [{ do: 'put-service', service: declared(3) }],
    confirmWithinSeconds: 600,
    who: 'test',
  },
};

interface Ground {
  readonly kernel: MortalKernel;
  readonly file: MemoryAppendedFile;
  readonly state: MemoryFile;
}

const sorted = (kernel: FakeKernel): string => {
  const services = tableText(kernel.table)
    .join('\n')
    .split(/\n(?=\S)/);
  return services
    .map((text) => text.split('\n').sort().join('\n'))
    .sort()
    .join('\n');
};

/** One service declared, and an lvsd of which only this is left. */
async function ground(): Promise<Ground> {
  const [kernel, file, state] = [new MortalKernel(), new MemoryAppendedFile(), new MemoryFile()];
  const { changes, stop } = await startDeclaring(declaredSite({ kernel, file, state }));
  await changes.commit({ changes: [{ do: 'put-service', service: declared(2) }], who: 'test' });
  await stop();
  return { kernel, file, state };
}

/** Runs until the transaction is done or lvsd is dead. */
async function run(
  { kernel, file, state }: Ground,
  transaction: Transaction,
  fatal: number,
): Promise<{ readonly moments: number; readonly done: boolean; readonly stop: () => Promise<void> }> {
  const fate = new Fate();
  const mortal: DeclaredSite = declaredSite({
    kernel,
    file: new MortalFile(file, fate),
    state: new MortalState(state.text, fate),
  });
  kernel.fate = fate;
  const { changes, stop } = await startDeclaring(mortal);
  const before = fate.moments;
  fate.strikeAt(fatal);
  const told = { done: false };
  void changes.commit(transaction).then(() => (told.done = true));
  while (!told.done && !fate.isOver) await settled();
  for (let i = 0; i < 5; i++) await settled();
  kernel.fate = undefined;
  state.text = (mortal.state as MemoryFile).text;
  return { moments: fate.moments - before, done: told.done, stop };
}

for (const [what, transaction] of Object.entries(transactions))
  t.test(what, async (t) => {
    const before = await ground();
    const beforeTable = sorted(before.kernel);
    const whole = await ground();
    const { moments, stop } = await run(whole, transaction, Number.POSITIVE_INFINITY);
    const afterTable = sorted(whole.kernel);
    const revision = 2;
    await stop();
    t.not(afterTable, beforeTable);
    t.ok(moments >= 10, `${moments} moments to die at`);
    const ends = new Set<string>();
    for (let fatal = 1; fatal <= moments; fatal++) {
      const here = await ground();
      const { done } = await run(here, transaction, fatal);
      t.notOk(done && fatal < moments, 'nobody is told of what is not done');
      const next = await startDeclaring(declaredSite(here));
      const now = next.changes.declared().revision;
      t.equal(
        sorted(here.kernel),
        now === revision ? afterTable : beforeTable,
        `killed at moment ${fatal} of ${moments}: revision ${now}`,
      );
      t.equal(
        next.changes.declared().pending !== null,
        transaction.confirmWithinSeconds !== undefined && now === revision,
      );
      ends.add(String(now));
      await next.stop();
    }
    t.same([...ends].sort(), ['1', '2'], 'nothing of it, and all of it');
  });

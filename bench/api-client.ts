/** What a client of the API measures, in a process of its own so that its work is not the server's: orders as lines, answers as JSON lines. */
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';

/** `get PATH`, `patch COUNT PATH...` (weights of these in turn), `read PER_SECOND SECONDS PATH...` */
const [, , socketPath = ''] = process.argv;
const agent = new Agent({ keepAlive: true, maxSockets: 16 });

interface Asked {
  readonly status: number;
  readonly firstMs: number;
  readonly allMs: number;
  readonly bytes: number;
}

const ask = (method: string, path: string, body?: string): Promise<Asked> =>
  new Promise((resolve, reject) => {
    const start = performance.now();
    const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length };
    const sent = request({ socketPath, agent, method, path, headers }, (answer) => {
      let [firstMs, bytes] = [0, 0];
      answer.on('data', (part: Buffer) => {
        if (bytes === 0) firstMs = performance.now() - start;
        bytes += part.length;
      });
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, firstMs, allMs: performance.now() - start, bytes }),
      );
    });
    sent.once('error', reject);
    sent.end(body);
  });

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;

const summary = (answers: readonly Asked[]) => {
  const times = answers.map(({ allMs }) => allMs);
  return {
    count: answers.length,
    wrong: answers.filter(({ status }) => status !== 200).length,
    medianMs: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    mostMs: quantile(times, 1),
  };
};

async function patch(count: number, paths: readonly string[]) {
  const answers: Asked[] = [];
  for (let i = 0; i < count; i++)
    answers.push(await ask('PATCH', paths[i % paths.length]!, JSON.stringify({ weight: 2 + i })));
  return summary(answers);
}

/** At an even pace, whether or not those before were answered: a slow server is not asked less. */
async function read(perSecond: number, seconds: number, paths: readonly string[]) {
  const start = performance.now();
  const under: Promise<Asked>[] = [];
  for (let i = 0; i < perSecond * seconds; ) {
    const due = ((performance.now() - start) / 1000) * perSecond;
    for (; i < due && i < perSecond * seconds; i++) under.push(ask('GET', paths[i % paths.length]!));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const answers = await Promise.all(under);
  return { ...summary(answers), perSecond: (1000 * answers.length) / (performance.now() - start) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [order, ...words] = line.split(' ');
  const told =
    order === 'get'
      ? await ask('GET', words[0] ?? '/')
      : order === 'patch'
        ? await patch(Number(words[0]), words.slice(1))
        : await read(Number(words[0]), Number(words[1]), words.slice(2));
  process.stdout.write(`${JSON.stringify(told)}\n`);
}

import { readFile } from 'node:fs/promises';

/** Users and groups of this machine, as they were when they were read. */
export interface AccountNames {
  /** By name or number. */
  user(name: string): number | undefined;
  group(name: string): number | undefined;
  nameOf(uid: number): string | undefined;
}

/** Of /etc/passwd and /etc/group. A number is itself, whether somebody has it or not. */
export async function readAccountNames(root = '/etc'): Promise<AccountNames> {
  const [users, groups] = await Promise.all([idsOf(`${root}/passwd`), idsOf(`${root}/group`)]);
  const names = new Map([...users].reverse().map(([name, id]) => [id, name])); // of two names the first
  return {
    user: (name) => users.get(name) ?? numberOf(name),
    group: (name) => groups.get(name) ?? numberOf(name),
    nameOf: (uid) => names.get(uid),
  };
}

async function idsOf(path: string): Promise<ReadonlyMap<string, number>> {
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [name = '', , number = ''] = line.split(':');
      const id = numberOf(number);
      return name === '' || id === undefined ? [] : [[name, id] as const];
    }),
  );
}

const numberOf = (text: string): number | undefined => (/^\d{1,10}$/.test(text) ? Number(text) : undefined);

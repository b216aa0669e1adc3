import { readFile } from 'node:fs/promises';

export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** All groups whose rights it has beside `gid`; empty unless they were asked for. */
  readonly groups: readonly number[];
}

export interface AccountOptions {
  /** undefined: the user's own. */
  readonly group?: string | undefined;
  /** Every group that /etc/group names the user in, and its own. */
  readonly supplementary?: boolean | undefined;
  /** For tests. */
  readonly root?: string;
}

/** Users and groups of /etc/passwd and /etc/group, by name or number. undefined: there is none. */
export async function findAccount(
  user: string,
  { group, supplementary = false, root = '/etc' }: AccountOptions = {},
): Promise<Account | undefined> {
  const passwd = entry(await lines(`${root}/passwd`), user);
  const groups = group === undefined && !supplementary ? [] : await lines(`${root}/group`);
  const named = group === undefined ? undefined : entry(groups, group);
  if (passwd === undefined || (group !== undefined && named === undefined)) return undefined;
  const uid = numberOf(passwd[2]);
  const own = numberOf(passwd[3]);
  const gid = named === undefined ? own : numberOf(named[2]);
  if (uid === undefined || own === undefined || gid === undefined) return undefined;
  return { uid, gid, groups: supplementary ? memberships(groups, passwd[0] ?? '', own) : [] };
}

/** The number of a group of /etc/group, by name or number. undefined: there is none. */
export async function findGroup(group: string, root = '/etc'): Promise<number | undefined> {
  return numberOf(entry(await lines(`${root}/group`), group)?.[2]);
}

const lines = async (file: string): Promise<string[][]> =>
  (await readFile(file, 'utf8')).split('\n').map((line) => line.split(':'));

/** The fields of the line whose first is `key`, or whose third is, where that is a number. */
const entry = (all: readonly string[][], key: string): string[] | undefined =>
  all.find(([name]) => name === key) ?? all.find((fields) => /^\d+$/.test(key) && fields[2] === key);

/** As getgrouplist(3). */
function memberships(groups: readonly string[][], user: string, own: number): number[] {
  const named = groups.filter(([, , , members = '']) => members.split(',').includes(user));
  return [...new Set([own, ...named.flatMap(([, , number]) => numberOf(number) ?? [])])];
}

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;

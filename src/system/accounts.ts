import { readFile } from 'node:fs/promises';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Users and groups of /etc/passwd and /etc/group, by name or number. undefined: there is none. `root` is for tests. */
export async function findAccount(
  user: string,
  group: string | undefined,
  root = '/etc',
): Promise<Account | undefined> {
  const passwd = await entry(`${root}/passwd`, user);
  const named = group === undefined ? undefined : await entry(`${root}/group`, group);
  if (passwd === undefined || (group !== undefined && named === undefined)) return undefined;
  const uid = numberOf(passwd[2]);
  const gid = numberOf(named === undefined ? passwd[3] : named[2]);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/** The fields of the line whose first is `key`, or whose third is, where that is a number. */
async function entry(file: string, key: string): Promise<string[] | undefined> {
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.split(':'));
  return lines.find(([name]) => name === key) ?? lines.find((fields) => /^\d+$/.test(key) && fields[2] === key);
}

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;

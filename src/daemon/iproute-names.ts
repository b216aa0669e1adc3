import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NameKind, nameFiles, nameFolders, Names } from '../links/names.js';

/** What the files of iproute2 say now; those that are not there say nothing. `folders` is for tests. */
export function iprouteNames(folders: readonly string[] = nameFolders): Names {
  const files = Object.entries(nameFiles) as [NameKind, string][];
  return new Names(
    Object.fromEntries(files.map(([kind, file]) => [kind, folders.flatMap((folder) => textsOf(join(folder, file)))])),
  );
}

/** Of the file, and of those in the folder beside it. */
function textsOf(file: string): readonly string[] {
  const more = attempt(() => readdirSync(`${file}.d`), []).filter((name) => name.endsWith('.conf'));
  return [file, ...more.sort().map((name) => join(`${file}.d`, name))].flatMap((path) =>
    attempt(() => [readFileSync(path, 'utf8')], []),
  );
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

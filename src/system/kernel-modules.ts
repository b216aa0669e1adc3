import { access, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';

/** `installed`: it is loaded, or is part of the kernel, when it is needed; `unknown`: nothing here says what this kernel has. */
export type ModuleState = 'loaded' | 'installed' | 'missing' | 'unknown';

export interface ModulePlaces {
  /** /proc/modules: what is loaded. */
  readonly loaded: string;
  /** A folder with modules.dep and modules.builtin of the running kernel. */
  readonly folder: string;
}

const usual = (): ModulePlaces => ({ loaded: '/proc/modules', folder: join('/lib/modules', release()) });

/** Of modules by name, underscores as the kernel writes them. Never rejects. */
export async function moduleStates(
  names: readonly string[],
  places: ModulePlaces = usual(),
): Promise<ReadonlyMap<string, ModuleState>> {
  const [loaded, loadable, builtin] = await Promise.all([
    textOf(places.loaded),
    textOf(join(places.folder, 'modules.dep')),
    textOf(join(places.folder, 'modules.builtin')),
  ]);
  const isLoaded = namesIn(loaded, /^(\S+) /gm);
  const isBuiltin = namesIn(builtin, /([^/\n]+)\.ko$/gm);
  const isInstalled = namesIn(loadable, /([^/\n]+)\.ko(?:\.\w+)?:/gm);
  const isKnown = loadable !== undefined || builtin !== undefined;
  return new Map(
    await Promise.all(
      names.map(async (name) => {
        if (isLoaded.has(name) || isBuiltin.has(name) || (await exists(join('/sys/module', name))))
          return [name, 'loaded'] as const;
        if (isInstalled.has(name)) return [name, 'installed'] as const;
        return [name, isKnown ? 'missing' : 'unknown'] as const;
      }),
    ),
  );
}

const textOf = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** File names may have dashes where the kernel has underscores. */
const namesIn = (text: string | undefined, pattern: RegExp): ReadonlySet<string> =>
  new Set([...(text ?? '').matchAll(pattern)].map(([, name = '']) => name.replaceAll('-', '_')));

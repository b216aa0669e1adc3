import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Configuration } from '../config/configuration.js';
import type { TrackFile } from '../config/vrrp/vrrp.js';
import { type Log, reasonOf } from '../system/log.js';

/** init_file: writes the first number of a track_file, once for as long as we live; a reload does not do it again. */
export class TrackFiles {
  readonly #log: Log;
  readonly #done = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  async follow({ trackFiles, globals }: Pick<Configuration, 'trackFiles' | 'globals'>): Promise<void> {
    for (const file of trackFiles) {
      const key = JSON.stringify([file.path, file.initial]);
      if (file.initial === undefined || this.#done.has(key)) continue;
      this.#done.add(key);
      try {
        await initialise(file.path, file.initial, 0o666 & ~globals.umask);
      } catch (error) {
        this.#log.error({ event: 'daemon.track-file-failed', path: file.path, reason: reasonOf(error) });
      }
    }
  }
}

/** Through no link: in a folder of others it could lead anywhere. */
async function initialise(
  path: string,
  { value, overwrite }: NonNullable<TrackFile['initial']>,
  mode: number,
): Promise<void> {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
  const how = overwrite ? O_TRUNC : O_EXCL;
  try {
    const file = await open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | how, mode);
    await file.writeFile(`${value}\n`).finally(() => file.close());
  } catch (error) {
    // it is there already, and that is fine
    if (overwrite || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

import type { Request } from '../cli/control.js';
import type { Director } from '../director/director.js';
import { LvsError } from '../errors.js';
import type { Engine } from './engine.js';
import type { MadeServices } from './made.js';
import type { Reload } from './reload.js';
import { engineStatusOf, statusOf } from './status.js';
import type { Watch } from './watch.js';

/** Who knows what lvsctl asks for. */
export interface Answerers {
  readonly director: Director;
  /** undefined: a daemon that has none. */
  readonly engine: Engine | undefined;
  readonly made: MadeServices | undefined;
  readonly watch: Watch;
  readonly reload: Reload;
}

/** What is answered at the control socket. Rejects with what lvsctl prints. */
export const answersOf =
  ({ director, engine, made, watch, reload }: Answerers) =>
  async (request: Request): Promise<unknown> => {
    switch (request.do) {
      case 'status':
        return {
          ...statusOf(director.status, watch.status),
          engine: engine === undefined ? null : engineStatusOf(await engine.status()),
        };
      case 'plan':
        return director.preview(reload.read());
      case 'reload':
        return reload.fromSource();
      case 'weight':
        return director.override(request.server, request.weight ?? undefined);
      case 'lb':
        return needed(made).run(request.words);
    }
  };

function needed<T>(owner: T | undefined): T {
  if (owner === undefined) throw new LvsError('ENGINE_CANNOT', ['this daemon', 'it has no engine']);
  return owner;
}

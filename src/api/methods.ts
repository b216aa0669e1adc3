import type { FastifyReply, FastifyRequest } from 'fastify';
import { METHODS } from 'node:http';
import { LvsError } from '../errors.js';
import type { Api } from './schema.js';

/** Whatever Node's parser knows is a method of the server, so that one that a path is not for is told so, and not that there is no such path. */
export function knowAllMethods(api: Api): void {
  for (const method of METHODS)
    if (method !== 'CONNECT' && !api.supportedMethods.includes(method)) api.addHttpMethod(method);
}

/** For each path that has routes: OPTIONS says which methods it takes, and all others are refused (RFC 9110 15.5.6) before a body is read. */
export function answerOtherMethods(
  api: Api,
  routes: readonly { readonly method: string; readonly url: string }[],
): void {
  for (const url of new Set(routes.map((route) => route.url))) {
    const taken = new Set([...routes.filter((route) => route.url === url).map(({ method }) => method), 'OPTIONS']);
    const allow = [...taken].sort().join(', ');
    api.options(url, (_request, reply) => reply.header('allow', allow).code(204).send());
    const refuse = async ({ method, url }: FastifyRequest, reply: FastifyReply): Promise<never> => {
      void reply.header('allow', allow);
      throw new LvsError('API_METHOD', [method, pathOf(url), allow]);
    };
    const others = api.supportedMethods.filter((method) => !taken.has(method));
    api.route({ method: others, url, config: { needs: 'read' }, onRequest: refuse, handler: refuse });
  }
}

/** Without the query. */
export const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';

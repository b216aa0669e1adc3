import { formatEndpoint } from '../../model/address.js';
import type { GrpcCheck } from '../check.js';
import { type CheckDraft, type Inherited, common, paceOf, positionOf, targetOf } from './common.js';
import type { Diagnostics } from '../diagnostics.js';
import { one, switchable } from '../terms.js';
import { hostWithoutPort, tlsOf, tlsWords } from './tls.js';
import type { Statement } from '../tree.js';
import { name } from '../values.js';
import { type Block, type Term, type Vocabulary, placeIn, readBlock } from '../vocabulary.js';

const grpc = {
  ...common,
  ...tlsWords,
  service: one(name('the name of a service')),
  authority: one(name('a host name, and perhaps a port')),
  tls: switchable,
} satisfies Vocabulary;

/** `GRPC_CHECK { service NAME }`: lvsd's own. Alive is who answers grpc.health.v1.Health/Check with SERVING. */
export const grpcTerm: Term<CheckDraft> = {
  words: grpc,
  read(statement, { diagnostics }) {
    const block = readBlock('GRPC_CHECK', grpc, statement.block ?? [], diagnostics);
    return (inherited, diagnostics) => buildGrpc(block, inherited, statement, diagnostics);
  },
};

function buildGrpc(
  block: Block<typeof grpc>,
  inherited: Inherited,
  header: Statement,
  diagnostics: Diagnostics,
): GrpcCheck | undefined {
  const { values } = block;
  const target = targetOf(block, inherited, header, diagnostics);
  if (target === undefined) return undefined;
  const { address, port } = target;
  const host = values.authority ?? inherited.virtualhost;
  const isTls = values.tls ?? false;
  if (!isTls)
    for (const word of Object.keys(tlsWords))
      if (block.statements[word] !== undefined)
        diagnostics.warning(placeIn(block, word, header), `'${word}' has no effect without 'tls'`);
  const sni = hostWithoutPort(host);
  const names = { host, address, ...(sni === undefined ? {} : { sni }) };
  return {
    is: 'grpc',
    position: positionOf(header, inherited),
    pace: paceOf(block, inherited, { retries: 1, retryDelaySeconds: 1 }),
    target,
    tls: isTls ? tlsOf(block, inherited, names, header, diagnostics) : undefined,
    service: values.service ?? '',
    authority: host ?? formatEndpoint(address, port),
  };
}

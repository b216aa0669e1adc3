/** A server of grpc.health.v1 on the gRPC library of Google's; its messages are written here once more, by hand. */
import grpc from '@grpc/grpc-js';
import type { Test } from 'tap';

/** What it says of a service: a number of ServingStatus, or a status of gRPC with a message, or nothing for ever. */
export type Said = number | { readonly code: grpc.status; readonly details: string } | 'nothing';

interface Request {
  readonly service: string;
}

const decodeRequest = (message: Buffer): Request => ({ service: message.subarray(2).toString() });

const definition = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: ({ service }: Request) => Buffer.from(service),
    requestDeserialize: decodeRequest,
    responseSerialize: (status: number) => (status === 0 ? Buffer.alloc(0) : Buffer.from([0x08, status])),
    responseDeserialize: (message: Buffer) => message[1] ?? 0,
  },
} as const;

/** Runs until the test ends; its port. */
export async function grpcHealth(
  t: Test,
  services: ReadonlyMap<string, Said>,
  credentials: grpc.ServerCredentials = grpc.ServerCredentials.createInsecure(),
): Promise<number> {
  const server = new grpc.Server();
  server.addService(definition, {
    check: ({ request }: grpc.ServerUnaryCall<Request, number>, answer: grpc.sendUnaryData<number>) => {
      const said = services.get(request.service) ?? { code: grpc.status.NOT_FOUND, details: 'unknown service' };
      if (typeof said === 'number') answer(null, said);
      else if (said !== 'nothing') answer(said);
    },
  });
  t.teardown(() => server.forceShutdown());
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error === null ? resolve(port) : reject(error))),
  );
}

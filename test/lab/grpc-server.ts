/**
 * A gRPC server with grpc.health.v1 as a process, so that it can be in a host of the lab: node grpc-server.js ADDRESS:PORT.
 * Says `ready`; a line of stdin is the number of the ServingStatus that it answers from then on, 1 (SERVING) at first.
 */
import { createInterface } from 'node:readline';
import grpc from '@grpc/grpc-js';

const unread = (bytes: Buffer): Buffer => bytes;
const check = {
  path: '/grpc.health.v1.Health/Check',
  requestStream: false,
  responseStream: false,
  requestSerialize: unread,
  requestDeserialize: unread,
  responseSerialize: unread,
  responseDeserialize: unread,
} as const;

let status = 1;
const server = new grpc.Server();
server.addService(
  { check },
  { check: (_: unknown, answer: grpc.sendUnaryData<Buffer>) => answer(null, Buffer.of(0x08, status)) },
);
server.bindAsync(process.argv[2] ?? '', grpc.ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  console.log('ready');
});
for await (const line of createInterface({ input: process.stdin })) status = Number(line);

import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import t from 'tap';
import {
  BadFrame,
  decodeCaptured,
  decodeHello,
  decodePortChanged,
  decodePorts,
  decodeSessionsPage,
  decodeWanted,
  encodeCapture,
  encodeExplain,
  encodePortOrders,
  encodeSessionsQuestion,
  event,
  type Frame,
  FrameDecoder,
  frameHeader,
  LONGEST_PAYLOAD,
  PROTOCOL,
  request,
  SESSION_RECORD_BYTES,
  topic,
  wireModes,
} from '../../../src/dataplane/protocol.js';
import { engineAddress } from '../../../src/dataplane/client.js';

const source = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const header = source('native/control/protocol.h');
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** `kHello = 1, …` of an enum of the header, by our way of writing the names. */
function numbersOf(name: string): Record<string, number> {
  const [, body = ''] = new RegExp(`enum ${name} : [^{]*\\{([^}]*)\\}`).exec(header.replace(/\/\/.*$/gm, '')) ?? [];
  const found = [...body.matchAll(/\bk(\w)(\w*) = (\d+)/g)];
  return Object.fromEntries(
    found.map(([, first = '', rest = '', number]) => [first.toLowerCase() + rest, Number(number)]),
  );
}

t.test('numbers are those of protocol.h', (t) => {
  t.same(numbersOf('Request'), request);
  t.same(numbersOf('Topic'), topic);
  t.same(numbersOf('Event'), event);
  t.match(header, `kProtocol = ${PROTOCOL};`);
  t.match(header, `kLongestPayload = ${LONGEST_PAYLOAD / 2 ** 20}u << 20;`);
  t.match(source('native/engine/sessions.h'), `static_assert(sizeof(SessionRecord) == ${SESSION_RECORD_BYTES});`);
  const [, modes = ''] = /enum class PortMode : [^{]*\{([^}]*)\}/.exec(source('native/port/port.h')) ?? [];
  t.same(
    modes.split(',').map((word) => word.trim().replaceAll('_', '-')),
    ['automatic', ...wireModes.slice(1)],
  );
  t.end();
});

const frames = fc.array(
  fc.record({
    type: fc.nat(0xffff),
    status: fc.nat(1),
    id: fc.nat(0xffff_ffff),
    payload: fc.uint8Array({ maxLength: 300 }),
  }),
  { maxLength: 12 },
);

t.test('frames come out as they went in, however the bytes are cut', (t) => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.flatMap((frame) => [frameHeader(frame), frame.payload]));
      const decoder = new FrameDecoder();
      const got: Frame[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = cuts[i % cuts.length]!;
        decoder.push(bytes.subarray(at, at + size), (frame) => got.push({ ...frame, payload: frame.payload.slice() }));
        at += size;
      }
      t.equal(got.length, sent.length);
      got.forEach((frame, i) => {
        t.equal(Buffer.compare(frame.payload, sent[i]!.payload), 0);
        t.same({ ...frame, payload: 0 }, { ...sent[i], payload: 0 });
      });
    }),
    { numRuns: 60 },
  );
  t.end();
});

t.test('a frame that announces too much is refused before it is made room for', (t) => {
  const decoder = new FrameDecoder(1000);
  const head = frameHeader({ type: 1, status: 0, id: 1, payload: new Uint8Array(1001) });
  t.throws(() => decoder.push(head, () => undefined), BadFrame);
  const fits = new FrameDecoder(1000);
  const seen: number[] = [];
  const payload = new Uint8Array(1000);
  fits.push(frameHeader({ type: 1, status: 0, id: 1, payload }), () => seen.push(1));
  t.same(seen, [], 'not yet');
  fits.push(payload, (frame) => seen.push(frame.payload.length));
  t.same(seen, [1000]);
  t.end();
});

t.test('whatever comes is a frame, not yet one, or refused', (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 })), (chunks) => {
      const decoder = new FrameDecoder(64);
      try {
        for (const chunk of chunks) decoder.push(chunk, (frame) => t.ok(frame.payload.length <= 64));
      } catch (error) {
        t.type(error, BadFrame);
      }
    }),
    { numRuns: 200 },
  );
  t.end();
});

t.test('requests are laid out as the structs', (t) => {
  const orders = encodePortOrders([
    { name: 'eth0', mode: 'packet', completeChecksums: true, queues: 3, index: 7 },
    { name: 'a-name-of-fifteen', mode: 'auto', completeChecksums: false, index: 1 },
  ]);
  t.equal(orders.length, 48);
  t.equal(
    Buffer.from(orders.subarray(0, 24)).toString('hex'),
    `${Buffer.from('eth0').toString('hex')}${'00'.repeat(12)}0403030007000000`,
  );
  t.equal(orders[24 + 15], 0, 'the name ends with a NUL');
  t.equal(Buffer.from(orders.subarray(40)).toString('hex'), '0000000001000000');

  const capture = encodeCapture(
    { client: '192.0.2.1', vip: '2001:db8::1', vipPort: 80, protocol: 6, onlyDropped: true, snap: 96, most: 1000 },
    engineAddress,
  );
  t.equal(capture.length, 64);
  t.equal(Buffer.from(capture.subarray(0, 16)).toString('hex'), '00000000000000000000ffffc0000201');
  t.equal(Buffer.from(capture.subarray(16, 32)).toString('hex'), '20010db8000000000000000000000001');
  t.equal(Buffer.from(capture.subarray(48)).toString('hex'), '0000500006016000e803000000000000');
  t.equal(Buffer.from(encodeExplain(2, Uint8Array.of(9))).toString('hex'), '020000000000000009');
  t.equal(Buffer.from(encodeSessionsQuestion(2n ** 40n, 5)).toString('hex'), '00000000000100000500000000000000');
  t.end();
});

t.test('answers and events are read whole or refused', (t) => {
  const wanted = new Uint8Array(48);
  wanted.set(engineAddress('10.0.0.1'), 24);
  wanted[24 + 16] = 3;
  t.same(decodeWanted(wanted)[1], { address: engineAddress('10.0.0.1'), port: 3 });
  t.throws(() => decodeWanted(new Uint8Array(25)), BadFrame);
  t.same(decodePorts(json([{ index: 1, name: 'eth0', mode: 'packet', queues: 2 }])), [
    { index: 1, name: 'eth0', mode: 'packet', queues: 2 },
  ]);
  t.same(decodePorts(json({ ports: [{ index: 0, name: 'x', queues: 0, reason: 'busy' }] })), [
    { index: 0, name: 'x', mode: '', queues: 0, reason: 'busy' },
  ]);
  t.throws(() => decodePorts(json('?')), BadFrame);
  t.equal(decodeHello(json({ protocol: 9, pid: 4 })).pid, 4, 'an engine of another protocol is understood that far');
  t.throws(() => decodeHello(json({ pid: 4 })), BadFrame);
  t.throws(() => decodeHello(new TextEncoder().encode('{')), BadFrame);
  t.same(decodePortChanged(json({ index: 1, name: 'eth0', state: 'gone', reason: 'ENETDOWN' })), {
    index: 1,
    name: 'eth0',
    state: 'gone',
    reason: 'ENETDOWN',
  });
  t.throws(() => decodeSessionsPage(new Uint8Array(7)), BadFrame);
  t.throws(() => decodeCaptured(new Uint8Array(23)), BadFrame);
  const liar = new Uint8Array(30);
  liar[8] = 200;
  t.throws(() => decodeCaptured(liar), BadFrame);
  t.end();
});

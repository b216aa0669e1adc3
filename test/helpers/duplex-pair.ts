import { Duplex } from 'node:stream';

/** Two ends of one connection without a socket: what is written to one is read from the other, and its end ends the other. */
export function duplexPair(): readonly [Duplex, Duplex] {
  const a: Duplex = end(() => b);
  const b: Duplex = end(() => a);
  return [a, b];
}

/** `done` of a write waits until the other end wants more, as a socket's does. */
function end(other: () => Duplex): Duplex {
  let wanted: (() => void) | undefined;
  const self = new Duplex({
    read() {
      other().emit('wanted');
    },
    write(chunk: Buffer, _encoding, done) {
      wanted = done;
      other().push(chunk);
    },
    final(done) {
      other().push(null);
      done();
    },
    destroy(error, done) {
      if (!other().destroyed) other().push(null);
      done(error);
    },
  });
  self.on('wanted', () => {
    const done = wanted;
    wanted = undefined;
    done?.();
  });
  return self;
}

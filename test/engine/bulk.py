"""TCP in bulk, both ways, checked by hash.

  bulk.py serve ADDRESS PORT          Says `ready`. Each connection: reads a line `UP DOWN` of byte counts, reads UP bytes, writes DOWN
                                      bytes that depend only on their place, then the SHA-256 of what it read.
  bulk.py move ADDRESS PORT UP DOWN   Sends UP bytes and receives DOWN; prints `ok SECONDS`, or what was wrong.
"""
import hashlib
import socket
import sys
import threading
import time

BLOCK = bytes((i * 7 + (i >> 8) * 13) & 0xFF for i in range(65536))


def pattern(count):
    while count > 0:
        part = BLOCK[: min(count, len(BLOCK))]
        count -= len(part)
        yield part


def receive(connection, count):
    digest = hashlib.sha256()
    while count > 0:
        part = connection.recv(min(count, 1 << 18))
        if not part:
            raise ConnectionError(f"ended with {count} bytes to come")
        digest.update(part)
        count -= len(part)
    return digest.hexdigest()


def digest_of(count):
    digest = hashlib.sha256()
    for part in pattern(count):
        digest.update(part)
    return digest.hexdigest()


def answer(connection):
    with connection:
        line = b""
        while not line.endswith(b"\n"):
            line += connection.recv(1)
        up, down = map(int, line.split())
        seen = receive(connection, up)
        for part in pattern(down):
            connection.sendall(part)
        connection.sendall(seen.encode())


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(address, port):
    listener = socket.create_server((address, port), family=family(address), backlog=128)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def move(address, port, up, down):
    start = time.monotonic()
    with socket.create_connection((address, port), 60) as connection:
        connection.settimeout(60)
        connection.sendall(f"{up} {down}\n".encode())
        for part in pattern(up):
            connection.sendall(part)
        if receive(connection, down) != digest_of(down):
            sys.exit("what came down is not what was sent")
        theirs = b""
        while len(theirs) < 64:
            part = connection.recv(64)
            if not part:
                sys.exit("no hash came")
            theirs += part
        if theirs.decode() != digest_of(up):
            sys.exit("what went up is not what was sent")
    print(f"ok {time.monotonic() - start:.3f}")


if sys.argv[1] == "serve":
    serve(sys.argv[2], int(sys.argv[3]))
else:
    move(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))

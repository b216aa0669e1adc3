"""A client whose datagrams come in pieces, in the order that it is told.

  fragments.py ADDRESS PORT BYTES ORDER COUNT     ORDER is `kernel` (as its kernel cuts them), `forwards`, `backwards` or `lost` (the
                                                  first piece never comes). Sends COUNT datagrams, each from a socket of its own, to a
                                                  peer.py server, and prints how many came back whole.
"""
import os
import socket
import struct
import sys

address, port, length, order, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
six = ":" in address
family = socket.AF_INET6 if six else socket.AF_INET
PIECE = 1200  # of 8 bytes each


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF or 0xFFFF


def udp(source, source_port, payload):
    ends = socket.inet_pton(family, source) + socket.inet_pton(family, address)
    size = 8 + len(payload)
    pseudo = ends + (struct.pack("!IHBB", size, 0, 0, 17) if six else struct.pack("!BBH", 0, 17, size))
    head = struct.pack("!HHHH", source_port, port, size, 0)
    return struct.pack("!HHHH", source_port, port, size, checksum(pseudo + head + payload)) + payload


def pieces(source, datagram):
    number = int.from_bytes(os.urandom(2), "big") or 1
    ends = socket.inet_pton(family, source), socket.inet_pton(family, address)
    for offset in range(0, len(datagram), PIECE):
        part = datagram[offset : offset + PIECE]
        more = offset + PIECE < len(datagram)
        if six:
            head = struct.pack("!IHBB", 0x60000000, 8 + len(part), 44, 64) + ends[0] + ends[1]
            yield head + struct.pack("!BBHI", 17, 0, offset | more, number) + part
        else:
            where = offset // 8 | (0x2000 if more else 0)
            yield struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(part), number, where, 64, 17, 0) + ends[0] + ends[1] + part


def send(one, payload):
    if order == "kernel":
        one.send(payload)
        return
    source, source_port = one.getsockname()[:2]
    parts = list(pieces(source, udp(source, source_port, payload)))
    if order == "lost":
        parts = parts[1:]
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for part in reversed(parts) if order == "backwards" else parts:
            raw.sendto(part, (address, 0))


whole = 0
for number in range(count):
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        one.settimeout(0.3 if order == "lost" else 20)
        one.connect((address, port))
        payload = (b"%d %s" % (number, b"abcdefghij" * (length // 10 + 1)))[:length]
        send(one, payload)
        try:
            whole += one.recv(65536).rstrip().endswith(payload)
        except OSError as error:
            if order != "lost":
                print(error, file=sys.stderr)
print(whole)

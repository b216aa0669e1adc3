"""Numbered UDP datagrams at an even pace, echoed.

  steady.py echo ADDRESS PORT                   Says `ready`, then sends every datagram back.
  steady.py ask ADDRESS PORT PER-SECOND [FLOWS] Says `ready`, sends from FLOWS sockets (16) in turn until stdin ends, waits for what is
                                                under way until all is back or nothing comes any more, prints
                                                `SENT BACK LONGEST-MS`: datagrams sent, echoed, and the longest time that one took.
"""
import select
import socket
import sys
import time

address, port = sys.argv[2], int(sys.argv[3])
PATIENCE = 10.0  # seconds without an answer until what is missing is lost: on a busy machine one may take long
family = socket.AF_INET6 if ":" in address else socket.AF_INET


def echo():
    listener = socket.socket(family, socket.SOCK_DGRAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    listener.bind((address, port))
    print("ready", flush=True)
    while True:
        data, peer = listener.recvfrom(2048)
        listener.sendto(data, peer)


def ask(rate, flows):
    sockets = []
    for _ in range(flows):
        one = socket.socket(family, socket.SOCK_DGRAM)
        one.connect((address, port))
        one.setblocking(False)
        sockets.append(one)
    poll = select.poll()
    for one in sockets:
        poll.register(one, select.POLLIN)
    poll.register(sys.stdin, select.POLLIN | select.POLLHUP)
    by_number = {one.fileno(): one for one in sockets}
    sent_at, back, longest = [], 0, 0.0
    print("ready", flush=True)
    start = now = heard = time.monotonic()
    ended = False
    while not ended or (back < len(sent_at) and now < heard + PATIENCE):
        now = time.monotonic()
        if not ended and len(sent_at) < (now - start) * rate:
            number = len(sent_at)
            sent_at.append(now)
            try:
                sockets[number % flows].send(number.to_bytes(8, "big") + b"." * 56)
            except OSError:
                pass
        for descriptor, _ in poll.poll(1):
            if descriptor == 0:
                poll.unregister(sys.stdin)
                ended, heard = True, time.monotonic()
                continue
            try:
                data = by_number[descriptor].recv(2048)
            except OSError:
                continue
            back += 1
            heard = time.monotonic()
            longest = max(longest, heard - sent_at[int.from_bytes(data[:8], "big")])
    print(len(sent_at), back, round(1000 * longest, 1), flush=True)


if sys.argv[1] == "echo":
    echo()
else:
    ask(int(sys.argv[4]), int(sys.argv[5]) if len(sys.argv) > 5 else 16)

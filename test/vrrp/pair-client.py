"""UDP in a host of its own: `pair-client.py echo ADDRESS` answers there, whether the address is here or not; `pair-client.py ask ADDRESS`
asks each millisecond. With each line of input it tells what it saw since the line before, as JSON: questions, answers, and the longest time
without an answer in milliseconds. It waits for the answers that are on their way: who answers may be late on a busy machine."""
import json
import select
import socket
import sys
import time

PORT = 7
IP_FREEBIND = 15
SO_RCVBUFFORCE = 33
PACE_S = 0.001
# What waits for a process that has no turn, and how long answers may be on their way.
BUFFER_BYTES = 16 << 20
LATE_S = 1.0


def udp_socket():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    return udp


def echo(address):
    udp = udp_socket()
    udp.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    udp.bind((address, PORT))
    print("ready", flush=True)
    while True:
        data, client = udp.recvfrom(64)
        try:
            udp.sendto(data, client)
        except OSError:
            pass  # the address has just gone


def ask(address):
    udp = udp_socket()
    udp.setblocking(False)
    asked = answered = 0
    longest = 0.0
    last = due = time.monotonic()
    print("ready", flush=True)

    def hear():
        nonlocal answered, longest, last
        try:
            udp.recv(64)
        except OSError:
            return
        now = time.monotonic()
        answered += 1
        longest = max(longest, now - last)
        last = now

    while True:
        now = time.monotonic()
        if now >= due:
            due = max(due + PACE_S, now)
            asked += 1
            try:
                udp.sendto(b"?", (address, PORT))
            except OSError:
                pass
        readable, _, _ = select.select([udp, sys.stdin], [], [], max(0, due - time.monotonic()))
        if udp in readable:
            hear()
        if sys.stdin in readable:
            if sys.stdin.readline() == "":
                return
            longest = max(longest, time.monotonic() - last)
            while answered < asked and select.select([udp], [], [], LATE_S)[0]:
                hear()
            told = {"asked": asked, "answered": answered, "longestMs": 1000 * longest}
            print(json.dumps(told), flush=True)
            asked = answered = 0
            longest = 0.0
            last = due = time.monotonic()


{"echo": echo, "ask": ask}[sys.argv[1]](sys.argv[2])

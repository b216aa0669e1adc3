"""UDP in a host of its own: `pair-client.py echo ADDRESS` answers there, whether the address is here or not; `pair-client.py ask ADDRESS`
asks each millisecond. With each line of input it tells what it saw since the line before, as JSON: questions, answers, and the longest time
without an answer in milliseconds."""
import json
import select
import socket
import sys
import time

PORT = 7
IP_FREEBIND = 15
PACE_S = 0.001


def echo(address):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
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
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    asked = answered = 0
    longest = 0.0
    last = due = time.monotonic()
    print("ready", flush=True)
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
        now = time.monotonic()
        if udp in readable:
            try:
                udp.recv(64)
                answered += 1
                longest = max(longest, now - last)
                last = now
            except OSError:
                pass
        if sys.stdin in readable:
            if sys.stdin.readline() == "":
                return
            longest = max(longest, now - last)
            told = {"asked": asked, "answered": answered, "longestMs": 1000 * longest}
            print(json.dumps(told), flush=True)
            asked = answered = 0
            longest = 0.0
            last = time.monotonic()


{"echo": echo, "ask": ask}[sys.argv[1]](sys.argv[2])

"""Many connections at once, all talking until told to stop.

  crowd.py ADDRESS PORT COUNT
      Opens COUNT TCP connections to a peer.py server and says `open`. Then asks on all of them, round after round, and says
      `round N BEGAN` after each; BEGAN is seconds since 1970. At the end of stdin: one line, `ROUNDS FAILED CHANGED`: rounds done, connections that broke, and
      connections that were answered by another server than at first.
"""
import resource
import select
import socket
import sys
import time

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

PATIENCE = 60  # seconds until an answer that did not come is none: while directors change, and the machine is slow
failed = set()
server_of = {}
crowd = []
for _ in range(count):
    one = socket.create_connection((address, port), PATIENCE)
    crowd.append(one)
print("open", flush=True)

rounds = changed = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    began = time.time()
    for one in crowd:
        try:
            one.sendall(b"here\n")
        except OSError:
            failed.add(one)
    for one in crowd:
        if one in failed:
            continue
        try:
            server = one.recv(256).split(b" ")[0]
            if not server:
                failed.add(one)
            elif server_of.setdefault(one, server) != server:
                changed += 1
        except OSError:
            failed.add(one)
    rounds += 1
    print(f"round {rounds} {began}", flush=True)
print(rounds, len(failed), changed, flush=True)

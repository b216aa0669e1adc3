"""Datagrams of any size, and who hears what ICMP says of them.

  datagrams.py ask ADDRESS PORT BYTES HOW COUNT   COUNT datagrams one after the other from one socket, to a peer.py server. HOW is `whole`
                                                  (never in pieces: DF, and the size is the sender's to find) or `pieces` (as the kernel
                                                  cuts them). Prints `BACK TOO-BIG`: how many came back, and how many were refused as too
                                                  big, by our own kernel, that knows from ICMP.
  datagrams.py late ADDRESS PORT                  Says `ready`. Answers each datagram three seconds late; then prints `refused` if it
                                                  heard that nobody is there any more, or `silence`.
  datagrams.py leave ADDRESS PORT                 Sends one datagram and is gone.
"""
import errno
import socket
import sys
import time

what, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
six = ":" in address
family = socket.AF_INET6 if six else socket.AF_INET
# of <linux/in.h> and <linux/in6.h>, which Python does not know
LEVEL, MTU_DISCOVER = (socket.IPPROTO_IPV6, 23) if six else (socket.IPPROTO_IP, 10)
DONT, DO = 0, 2
PATIENCE = 10  # seconds: on a slow machine an answer, or what ICMP says, may take long


def new_socket():
    return socket.socket(family, socket.SOCK_DGRAM)


def ask(length, how, count):
    back = too_big = 0
    with new_socket() as one:
        one.setsockopt(LEVEL, MTU_DISCOVER, DO if how == "whole" else DONT if not six else 1)
        one.settimeout(PATIENCE)
        one.connect((address, port))
        for number in range(count):
            payload = (b"%d %s" % (number, b"abcdefghij" * (length // 10 + 1)))[:length]
            try:
                one.send(payload)
                back += one.recv(65536).rstrip().endswith(payload)
            except TimeoutError:
                pass
            except OSError as error:
                if error.errno != errno.EMSGSIZE:
                    raise
                too_big += 1
    print(back, too_big)


def late():
    listener = new_socket()
    listener.bind((address, port))
    print("ready", flush=True)
    while True:
        data, peer = listener.recvfrom(2048)
        time.sleep(3)
        listener.connect(peer)
        heard = "silence"
        listener.settimeout(PATIENCE)
        try:
            listener.send(data)
            listener.recv(2048)
        except ConnectionRefusedError:
            heard = "refused"
        except TimeoutError:
            pass
        listener.close()
        listener = new_socket()
        listener.bind((address, port))
        print(heard, flush=True)


def leave():
    with new_socket() as one:
        one.sendto(b"good bye", (address, port))


if what == "ask":
    ask(int(sys.argv[4]), sys.argv[5], int(sys.argv[6]))
else:
    {"late": late, "leave": leave}[what]()

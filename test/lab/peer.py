"""The clients and servers of the lab: one small program for TCP, UDP, SCTP and HTTP, because Node has no SCTP and starts slowly under emulation.

  peer.py serve NAME PROTOCOL ADDRESS PORT [PROTOCOL ADDRESS PORT ...]
      Says `ready`, then answers every message with `NAME CLIENT-ADDRESS CLIENT-PORT MESSAGE`, a GET with the same in a web page.
  peer.py ask PROTOCOL ADDRESS PORT COUNT [SOURCE-ADDRESS [SOURCE-PORT]]
      COUNT times: a new socket, one message, prints the answer or `error WHY`. Protocol http asks for a page.
  peer.py talk PROTOCOL ADDRESS PORT [SOURCE-ADDRESS [SOURCE-PORT]]
      One socket; each line of stdin is sent as a message, each answer or `error WHY` printed as a line. Ends with stdin.
"""
import os
import selectors
import socket
import sys

LIMIT = float(os.environ.get("PEER_LIMIT", "2"))  # seconds that a client waits
KINDS = {
    "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "http": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "sctp": (socket.SOCK_STREAM, socket.IPPROTO_SCTP),
}


def new_socket(protocol, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind, number = KINDS[protocol]
    made = socket.socket(family, kind, number)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return made


def answer(name, peer, message):
    text = f"{name} {peer[0]} {peer[1]} ".encode() + message.strip()
    if not message.startswith(b"GET "):
        return text + b"\n", False
    text = text.split(b"\r\n")[0] + b"\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    return head.encode() + text, True


def serve(name, *places):
    poll = selectors.DefaultSelector()

    def on_datagram(listener):
        message, peer = listener.recvfrom(65536)
        listener.sendto(answer(name, peer, message)[0], peer)

    def on_message(connection, peer):
        try:
            message = connection.recv(65536)
            close = not message
            if message:
                reply, close = answer(name, peer, message)
                connection.sendall(reply)
        except OSError:
            close = True
        if close:
            poll.unregister(connection)
            connection.close()

    def on_connection(listener):
        connection, peer = listener.accept()
        poll.register(connection, selectors.EVENT_READ, lambda ready: on_message(ready, peer))

    for protocol, address, port in zip(*[iter(places)] * 3):
        listener = new_socket(protocol, address)
        listener.bind((address, int(port)))
        if protocol != "udp":
            listener.listen(1024)
        poll.register(listener, selectors.EVENT_READ, on_datagram if protocol == "udp" else on_connection)
    print("ready", flush=True)
    while True:
        for key, _ in poll.select():
            key.data(key.fileobj)


def connect(protocol, address, port, source="", source_port="0"):
    client = new_socket(protocol, address)
    client.settimeout(LIMIT)
    if source or source_port != "0":
        client.bind((source, int(source_port)))
    client.connect((address, int(port)))
    return client


def exchange(client, message):
    client.sendall(message)
    reply = client.recv(65536)
    if not reply:
        raise ConnectionError("closed")
    return reply.decode().rstrip("\n").split("\r\n\r\n")[-1]


def reason(error):
    return f"error {'timeout' if isinstance(error, TimeoutError) else error.strerror or error}"


def ask(protocol, address, port, count, *source):
    used = []  # ports that are in use are not chosen again: with UDP it would be the same connection
    for number in range(int(count)):
        try:
            with connect(protocol, address, port, *source) as client:
                if protocol == "udp" and not source:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
                    used.append(client.dup())
                page = f"GET /{number} HTTP/1.1\r\nHost: lab\r\n\r\n"
                print(exchange(client, (page if protocol == "http" else f"message{number}\n").encode()), flush=True)
        except OSError as error:
            print(reason(error), flush=True)


def talk(protocol, address, port, *source):
    try:
        client = connect(protocol, address, port, *source)
    except OSError as error:
        print(reason(error), flush=True)
        return
    print("connected", flush=True)
    for line in sys.stdin:
        try:
            print(exchange(client, line.encode()), flush=True)
        except OSError as error:
            print(reason(error), flush=True)


{"serve": serve, "ask": ask, "talk": talk}[sys.argv[1]](*sys.argv[2:])

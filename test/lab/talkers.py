"""Connections that live long: each with a dialogue that only its own server can go on with, and one large download.

  talkers.py serve ADDRESS PORT
      Says `ready`, then answers both kinds on all addresses of ADDRESS.
  talkers.py talk ADDRESS PORT COUNT PAUSE-MS RATE
      Opens COUNT connections and a download of RATE bytes a second, and says their local ports as JSON. Most connections ask PAUSE-MS after
      each answer, every tenth at its beginning and then only when all are told to. Then, for each line of stdin:
        more COUNT opens as many more, and says their ports
        exchange   waits until each connection has asked and been answered after this, and the download has gone on; says what was seen since
                   the exchange before, as JSON: `answered` connections, `broken` ones and `why`, `longestMs` that an answer took,
                   `stalledMs` that the download stood still, `downloaded` bytes
        end        ends the download, and says `{"bytes": …, "same": whether its hash is the sender's, "questions": …}`

A question is chance, up to 200 bytes; its answer is a hash of all questions of this connection. The download is chance, too, and goes on until
the client has enough; then its SHA-256 follows.
"""
import hashlib
import heapq
import itertools
import json
import os
import random
import resource
import select
import socket
import struct
import sys
import time

TALK, DOWNLOAD, ENOUGH = b"T", b"D", b"E"
ANSWER_BYTES = 8
TICK_S = 0.02
QUIET = 10  # each such connection
PATIENCE_S = 120.0
CONNECT_S = 60.0


def next_state(state, question):
    return hashlib.blake2b(state + question, digest_size=ANSWER_BYTES).digest()


class Dialogue:
    """The server's side."""

    def __init__(self, link):
        self.link, self.state, self.kind, self.input = link, b"", None, b""

    def heard(self, data):
        """Gives the download that was asked for, if it was."""
        self.input += data
        if self.kind is None:
            self.kind, self.input = self.input[:1], self.input[1:]
        if self.kind == DOWNLOAD:
            return Download(self.link, struct.unpack("!I", self.input)[0]) if len(self.input) == 4 else None
        while self.input and len(self.input) > self.input[0]:
            length = self.input[0]
            question, self.input = self.input[1 : 1 + length], self.input[1 + length :]
            self.state = next_state(self.state, question)
            self.link.send(self.state)
        return None


class Download:
    """Blocks of chance, each with its length before it; a length of 0 and the hash end it."""

    def __init__(self, link, rate):
        self.link, self.block = link, int(rate * TICK_S)
        self.hash, self.output, self.has_ended = hashlib.sha256(), b"", False

    def heard(self, data):
        if data == ENOUGH and not self.has_ended:
            self.has_ended = True
            self.output += struct.pack("!I", 0) + self.hash.digest()
            self.flush()

    def tick(self):
        if not self.has_ended and not self.output:
            block = os.urandom(self.block)
            self.hash.update(block)
            self.output = struct.pack("!I", len(block)) + block
        self.flush()

    def flush(self):
        try:
            self.output = self.output[self.link.send(self.output) :]
        except BlockingIOError:
            pass


def serve(address, port):
    listener = socket.create_server((address, port), backlog=1024)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    links, ticking = {}, {}
    tick = time.monotonic()
    print("ready", flush=True)
    while True:
        for number, _ in poll.poll(TICK_S if ticking else -1):
            if number == listener.fileno():
                link, _ = listener.accept()
                link.setblocking(False)
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                links[link.fileno()] = Dialogue(link)
                poll.register(link, select.EPOLLIN)
                continue
            end = links[number]
            try:
                data = end.link.recv(65536)
                download = end.heard(data) if data else None
            except OSError:
                data = b""
            if not data:
                poll.unregister(number)
                ticking.pop(number, None)
                links.pop(number).link.close()
            elif download:
                links[number] = ticking[number] = download
        if time.monotonic() >= tick + TICK_S:
            tick = time.monotonic()
            for download in list(ticking.values()):
                try:
                    download.tick()
                except OSError:
                    pass  # the poll tells its end


class Talker:
    """One connection of the client. It has one question at a time."""

    def __init__(self, link, pause):
        self.link, self.pause = link, pause
        self.state, self.expected, self.input = b"", b"", b""
        self.asked_at = self.began_at = None
        self.questions, self.broken = 0, None
        link.sendall(TALK)

    def ask(self, now):
        question = random.randbytes(random.randint(1, 200))
        self.state = self.expected = next_state(self.state, question)
        self.asked_at = now
        self.link.send(bytes([len(question)]) + question)

    def heard(self, data, now):
        """Gives the seconds that the answer took, when it is whole."""
        self.input += data
        if len(self.input) < ANSWER_BYTES:
            return None
        if self.asked_at is None or self.input != self.expected:
            raise OSError("an answer that is none")
        took, self.began_at = now - self.asked_at, self.asked_at
        self.input, self.asked_at = b"", None
        self.questions += 1
        return took


class Fetch:
    """The client's side of a download."""

    def __init__(self, link, rate):
        self.link, self.hash, self.bytes = link, hashlib.sha256(), 0
        self.input, self.left, self.trailer, self.broken = b"", 0, None, None
        self.heard_at = time.monotonic()
        link.sendall(DOWNLOAD + struct.pack("!I", rate))

    def heard(self, data, now):
        """Gives the seconds without a byte before."""
        stalled, self.heard_at = now - self.heard_at, now
        while data:
            if self.trailer is not None:
                self.trailer += data
                break
            if self.left:
                part, data = data[: self.left], data[self.left :]
                self.hash.update(part)
                self.bytes += len(part)
                self.left -= len(part)
                continue
            need = 4 - len(self.input)
            self.input, data = self.input + data[:need], data[need:]
            if len(self.input) == 4:
                self.left, self.input = struct.unpack("!I", self.input)[0], b""
                if self.left == 0:
                    self.trailer = b""
        return stalled

    def has_ended(self):
        return self.broken or (self.trailer is not None and len(self.trailer) == hashlib.sha256().digest_size)

    def is_same(self):
        return not self.broken and self.trailer == self.hash.digest()


class Client:
    def __init__(self, address, port, count, pause, rate):
        self.poll = select.epoll()
        self.poll.register(sys.stdin, select.EPOLLIN)
        self.ends, self.due, self.order = {}, [], itertools.count()
        self.server, self.pause = (address, port), pause
        self.talkers = []
        talking = self.more(count)
        self.fetch = Fetch(self.connect(), rate)
        self.ports = talking + [self.add(self.fetch)]
        self.longest = self.stalled = 0.0
        self.bytes_before = 0

    def more(self, count):
        """Their ports."""
        begun = [Talker(self.connect(), None if number % QUIET == 0 else self.pause) for number in range(count)]
        self.talkers += begun
        for talker in begun:
            self.later(talker, time.monotonic() + self.pause * random.random())
        return [self.add(talker) for talker in begun]

    def connect(self):
        link = socket.create_connection(self.server, CONNECT_S)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link

    def add(self, end):
        end.link.setblocking(False)
        self.ends[end.link.fileno()] = end
        self.poll.register(end.link, select.EPOLLIN)
        return end.link.getsockname()[1]

    def later(self, talker, at):
        heapq.heappush(self.due, (at, next(self.order), talker))

    def lose(self, end, why):
        end.broken = why
        self.poll.unregister(end.link)

    def turn(self, limit):
        """One look at everything, at most so many seconds. Says whether there is a line to be read."""
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            talker = heapq.heappop(self.due)[2]
            if talker.broken or talker.asked_at is not None:
                continue
            try:
                talker.ask(now)
            except OSError as error:
                self.lose(talker, str(error))
        wait = min(limit, self.due[0][0] - now) if self.due else limit
        is_told = False
        for number, _ in self.poll.poll(max(wait, 0)):
            if number == sys.stdin.fileno():
                is_told = True
                continue
            end = self.ends[number]
            try:
                data = end.link.recv(65536)
                if not data:
                    raise OSError("closed by the other side")
                self.heard(end, data)
            except OSError as error:
                self.lose(end, str(error))
        return is_told

    def heard(self, end, data):
        now = time.monotonic()
        took = end.heard(data, now)
        if end is self.fetch:
            self.stalled = max(self.stalled, took)
        elif took is not None:
            self.longest = max(self.longest, took)
            if end.pause is not None:
                self.later(end, now + end.pause)

    def exchange(self):
        began = time.monotonic()
        bytes_then = self.fetch.bytes
        for talker in self.talkers:
            if talker.pause is None and talker.asked_at is None:
                self.later(talker, began)

        def waits(talker):
            is_new = talker.began_at is not None and talker.began_at >= began
            if not is_new and talker.pause is None and talker.asked_at is None and not talker.broken:
                self.later(talker, time.monotonic())  # its answer was to a question of before
            return not is_new and not talker.broken

        while time.monotonic() < began + PATIENCE_S:
            self.turn(0.1)
            if not any([waits(talker) for talker in self.talkers]) and (self.fetch.broken or self.fetch.bytes > bytes_then):
                break
        broken = [end.broken for end in self.ends.values() if end.broken]
        seen = {
            "answered": sum(1 for talker in self.talkers if not talker.broken and not waits(talker)),
            "broken": len(broken),
            "why": sorted(set(broken)),
            "longestMs": round(1000 * self.longest, 1),
            "stalledMs": round(1000 * max(self.stalled, time.monotonic() - self.fetch.heard_at), 1),
            "downloaded": self.fetch.bytes - self.bytes_before,
        }
        self.longest = self.stalled = 0.0
        self.bytes_before = self.fetch.bytes
        return seen

    def end(self):
        if not self.fetch.broken:
            self.fetch.link.send(ENOUGH)
        until = time.monotonic() + PATIENCE_S
        while not self.fetch.has_ended() and time.monotonic() < until:
            self.turn(0.1)
        questions = sum(talker.questions for talker in self.talkers)
        return {"bytes": self.fetch.bytes, "same": self.fetch.is_same(), "questions": questions}


def talk(address, port, count, pause, rate):
    client = Client(address, port, count, pause, rate)
    say(client.ports)
    while True:
        if client.turn(1.0):
            match sys.stdin.readline().split():
                case ["more", count]:
                    say(client.more(int(count)))
                case ["exchange"]:
                    say(client.exchange())
                case ["end"]:
                    return say(client.end())
                case _:
                    return None


def say(told):
    print(json.dumps(told), flush=True)


hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
role, where, at = sys.argv[1], sys.argv[2], int(sys.argv[3])
if role == "serve":
    serve(where, at)
else:
    talk(where, at, int(sys.argv[4]), int(sys.argv[5]) / 1000, int(sys.argv[6]))

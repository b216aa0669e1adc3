"""A neighbour of virtual routers: who has an address, and who answers there.

  neighbour.py INTERFACE   For each line `ADDRESS` a line of JSON:
    ttl   what is left of the TTL (hop limit) of the reply to an echo request that the kernel sent as its neighbour table says; null: none came
    macs  all who say that they have the address. They are asked only after an echo was answered: the question itself
          would correct the table, and nobody could tell whether a new master had announced itself.
"""
import json
import select
import socket
import struct
import sys
import time

ECHO_SECONDS, ALL_SECONDS = 0.3, 0.15
IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT = 51, 52


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def until(end, *sockets):
    """Sockets that have something to read, one at a time, as long as it is worth waiting."""
    while (left := end - time.monotonic()) > 0:
        yield from select.select(sockets, [], [], left)[0]


sequence = 0


def echo(address):
    global sequence
    sequence += 1
    six = ":" in address
    with socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, 58 if six else 1) as link:
        request = struct.pack("!BBHHH", 128 if six else 8, 0, 0, 77, sequence)
        if six:
            link.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1)
        else:
            request = request[:2] + struct.pack("!H", checksum(request)) + request[4:]
        try:
            link.sendto(request, (address, 0))
        except OSError:
            return None
        for _ in until(time.monotonic() + ECHO_SECONDS, link):
            try:
                data, extra, _, source = link.recvmsg(2048, 256)
            except OSError:
                continue  # what the kernel says of an earlier request
            ttl = data[8] if not six else next(struct.unpack("i", c)[0] for _, kind, c in extra if kind == IPV6_HOPLIMIT)
            reply = data if six else data[20:]
            if source[0] == address and reply[0] == (129 if six else 0) and reply[4:8] == request[4:8]:
                return ttl
    return None


def own_address(address):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        return socket.inet_pton(probe.family, probe.getsockname()[0])


def arp_question(mac, ours, wanted):
    return b"\xff" * 6 + mac + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + ours + b"\0" * 6 + wanted


def ndp_question(mac, ours, wanted):
    group = bytes.fromhex("ff0200000000000000000001ff") + wanted[13:]
    message = struct.pack("!BBHI", 135, 0, 0, 0) + wanted + b"\x01\x01" + mac
    pseudo = ours + group + struct.pack("!IHBB", len(message), 0, 0, 58)
    message = message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:]
    return b"\x33\x33" + group[12:] + mac + b"\x86\xdd" + struct.pack("!IHBB", 0x60000000, len(message), 58, 255) + ours + group + message


def arp_answer(frame, wanted):
    return frame[20:22] == b"\x00\x02" and frame[28:32] == wanted and frame[22:28]


def ndp_answer(frame, wanted):
    return frame[20] == 58 and frame[54] == 136 and frame[62:78] == wanted and frame[6:12]


def owners(interface, address):
    """The sender's own word counts over IPv4, where the frame came from over IPv6."""
    six = ":" in address
    wanted = socket.inet_pton(socket.AF_INET6 if six else socket.AF_INET, address)
    question, answer, kind = (ndp_question, ndp_answer, 0x86DD) if six else (arp_question, arp_answer, 0x0806)
    found = set()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(kind)) as link:
        link.bind((interface, kind))
        link.send(question(link.getsockname()[4], own_address(address), wanted))
        for _ in until(time.monotonic() + ALL_SECONDS, link):
            if mac := answer(link.recv(2048), wanted):
                found.add(mac.hex(":"))
    return sorted(found)


for line in sys.stdin:
    address = line.strip()
    ttl = echo(address)
    print(json.dumps({"ttl": ttl, "macs": [] if ttl is None else owners(sys.argv[1], address)}), flush=True)

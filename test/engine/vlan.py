"""UDP in frames with VLAN tags, made and read by hand: for kernels without VLAN devices.

  vlan.py serve INTERFACE             Says `ready`. For each datagram to port 7000: prints `TAGS DESTINATION good|bad` (its checksum),
                                      and sends it back the way it came, tags and all.
  vlan.py ask INTERFACE MAC SOURCE DESTINATION TAGS SECONDS
                                      One datagram to DESTINATION, port 7000, by that MAC. Prints the answer in the same way, with its
                                      SOURCE, or after so long `timeout`.
TAGS are TYPE:TCI in hex, outermost first: `8100:00a,88a8:014`, or `-`.
"""
import socket
import struct
import sys

PORT = 7000
SOL_PACKET, PACKET_AUXDATA, ETH_P_ALL = 263, 8, 3
TP_STATUS_VLAN_VALID = 1 << 4


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def open_socket(interface):
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    one.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    one.bind((interface, ETH_P_ALL))
    return one


def receive(one):
    """Addresses, tags (that which the kernel took out put back), and the IP packet of the next datagram of ours."""
    while True:
        frame, extra, _, sender = one.recvmsg(65536, 256)
        if sender[2] == socket.PACKET_OUTGOING:
            continue
        tags = []
        for level, kind, data in extra:
            if level == SOL_PACKET and kind == PACKET_AUXDATA:
                status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
                if status & TP_STATUS_VLAN_VALID:
                    tags.append((tpid, tci))
        at = 12
        while frame[at : at + 2] in (b"\x81\x00", b"\x88\xa8"):
            tags.append(struct.unpack("!HH", frame[at : at + 4]))
            at += 4
        ip = frame[at + 2 :]
        if frame[at : at + 2] == b"\x08\x00" and ip[9] == 17 and PORT in struct.unpack("!HH", ip[20:24]):
            return frame[:12], tags, ip[: struct.unpack("!H", ip[2:4])[0]]


def is_good(ip):
    pseudo = ip[12:20] + struct.pack("!BBH", 0, 17, len(ip) - 20)
    return "good" if checksum(ip[:20]) == 0 and checksum(pseudo + ip[20:]) == 0 else "bad"


def text(tags):
    return ",".join(f"{kind:04x}:{tci:03x}" for kind, tci in tags) or "-"


def put(macs, tags, ip):
    return macs + b"".join(struct.pack("!HH", *tag) for tag in tags) + b"\x08\x00" + ip


def serve(interface):
    one = open_socket(interface)
    print("ready", flush=True)
    while True:
        macs, tags, ip = receive(one)
        if struct.unpack("!H", ip[22:24])[0] != PORT:
            continue
        print(text(tags), socket.inet_ntoa(ip[16:20]), is_good(ip), flush=True)
        back = ip[:12] + ip[16:20] + ip[12:16] + ip[22:24] + ip[20:22] + ip[24:]
        one.send(put(macs[6:12] + macs[:6], tags, back))


def ask(interface, mac, source, destination, tags, seconds):
    one = open_socket(interface)
    own = one.getsockname()[4]
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    wanted = [tuple(int(part, 16) for part in tag.split(":")) for tag in tags.split(",") if tag != "-"]
    payload = b"in a tagged frame"
    udp = struct.pack("!HHHH", 40000 + len(wanted), PORT, 8 + len(payload), 0)
    sum_of = checksum(ends + struct.pack("!BBH", 0, 17, len(udp) + len(payload)) + udp + payload)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(payload), 1, 0, 64, 17, 0) + ends
    ip = head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp[:6] + struct.pack("!H", sum_of) + payload
    one.send(put(bytes.fromhex(mac.replace(":", "")) + own, wanted, ip))
    one.settimeout(float(seconds))
    try:
        _, seen, answer = receive(one)
        print(text(seen), socket.inet_ntoa(answer[12:16]), is_good(answer))
    except TimeoutError:
        print("timeout")


{"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])

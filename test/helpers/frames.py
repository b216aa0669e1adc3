"""Ethernet frames as they are on the wire, tags and all.

  frames.py send DEVICE HEX...       Sends each frame.
  frames.py see DEVICE PORT SECONDS  Says `ready`, then prints as hex each frame that comes in with a UDP datagram to PORT, for so long.
"""
import socket
import struct
import sys
import time

SOL_PACKET, PACKET_AUXDATA = 263, 8
TAG_VALID, TPID_VALID = 0x10, 0x40


def send(device, frames):
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((device, 0))
    for frame in frames:
        out.send(bytes.fromhex(frame))


def whole(data, extra):
    """The kernel takes the outermost tag out, and tells it apart."""
    for level, kind, content in extra:
        if level != SOL_PACKET or kind != PACKET_AUXDATA:
            continue
        status, _, _, _, _, tag, tag_type = struct.unpack("IIIHHHH", content[:20])
        if status & TAG_VALID:
            return data[:12] + struct.pack("!HH", tag_type if status & TPID_VALID else 0x8100, tag) + data[12:]
    return data


def see(device, port, seconds):
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    listener.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    listener.bind((device, 0))
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        listener.settimeout(left)
        try:
            data, extra, _, _ = listener.recvmsg(2048, 256)
        except TimeoutError:
            break
        frame = whole(data, extra)
        at = 12
        while frame[at : at + 2] in (b"\x81\x00", b"\x88\xa8"):
            at += 4
        ip = frame[at + 2 :]
        if frame[at : at + 2] == b"\x08\x00" and ip[9] == 17 and ip[22:24] == struct.pack("!H", port):
            print(frame.hex(), flush=True)


if sys.argv[1] == "send":
    send(sys.argv[2], sys.argv[3:])
else:
    see(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))

"""Half of some TCP connections: the client's packets only, for servers behind direct routing that nobody hears.

  connections.py MARK
      MARK is the firewall mark of all packets. On stdin a line for each step:
          open SOURCE SOURCE-PORT ADDRESS PORT    SYN and ACK: IPVS counts an active connection
          close SOURCE SOURCE-PORT ADDRESS PORT   FIN: it counts an inactive one, until that is forgotten
"""
import socket
import struct
import sys

FIN, SYN, ACK = 0x01, 0x02, 0x10


def packet(source, source_port, address, port, flags):
    tcp = struct.pack("!HHIIBBHHH", source_port, port, 1, 1, 5 << 4, flags, 8192, 0, 0)
    pseudo = socket.inet_aton(source) + socket.inet_aton(address) + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp))
    words = struct.unpack(f"!{(len(pseudo) + len(tcp)) // 2}H", pseudo + tcp)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    tcp = tcp[:16] + struct.pack("!H", ~total & 0xFFFF) + tcp[18:]
    # The kernel fills in the length and the checksum of a header that says 0.
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_TCP, 0,
                     socket.inet_aton(source), socket.inet_aton(address))
    return ip + tcp


raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
raw.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, int(sys.argv[1]))
for line in sys.stdin:
    step, source, source_port, address, port = line.split()
    for flags in {"open": (SYN, ACK), "close": (FIN | ACK,)}[step]:
        try:
            raw.sendto(packet(source, int(source_port), address, int(port), flags), (address, 0))
        except OSError:
            pass  # no server could be had: the kernel refuses the packet

#!/usr/bin/python3
"""sync-noise.py ADDRESS SYNC-ID: five messages into the group of the IPVS sync daemons from ADDRESS, each wrong in its own way."""
import socket
import struct
import sys

address, sync_id = sys.argv[1], int(sys.argv[2])


def message(body, count, sync=sync_id, version=1, length=None):
    size = 8 + len(body) if length is None else length
    return struct.pack('!BBHBBH', 0, sync, size, count, version, 0) + body


def connection(state):
    """TCP from 192.0.2.1:1024 by 192.0.2.2:80 to 192.0.2.3:80."""
    addresses = b''.join(socket.inet_aton(f'192.0.2.{n}') for n in (1, 2, 3))
    return struct.pack('!BBHIHHHHII', 0, 6, 36, 0x100, state, 1024, 80, 80, 0, 900) + addresses


noise = [
    b'\x00',
    message(b'', 0, version=2),
    message(connection(1), 1, sync=sync_id + 1),
    message(connection(1), 1, length=4000),
    message(connection(99), 1),
]
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
for bytes_ in noise:
    sender.sendto(bytes_, ('224.0.0.81', 8848))
print('sent', flush=True)

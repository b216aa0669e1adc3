"""Opens flows one after the other, each with a datagram: on stdin a line for each, SOURCE-ADDRESS SOURCE-PORT ADDRESS PORT."""
import socket
import sys

for line in sys.stdin:
    source, source_port, address, port = line.split()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as flow:
        flow.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        flow.bind((source, int(source_port)))
        try:
            flow.connect((address, int(port)))
            flow.send(b"x")
        except OSError:
            pass  # nobody to send it to: the kernel's answer to the one before

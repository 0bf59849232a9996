"""A resolver on 127.0.0.1:53 that answers every query in one way: nxdomain, servfail, or silent (never)."""

import pathlib
import socket
import sys

RCODES = {"nxdomain": 3, "servfail": 2}

mode = sys.argv[1]
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
pathlib.Path(f"/run/resolver-{mode}").touch()
while True:
    query, client = server.recvfrom(512)
    if mode in RCODES:
        # The query's id and question, flags of a recursive answer with the return code (RFC 1035, section 4.1.1).
        flags = (0x8180 | RCODES[mode]).to_bytes(2, "big")
        server.sendto(query[:2] + flags + query[4:6] + b"\0" * 6 + query[12:], client)

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Listen at a port of this machine, TCP and UDP, and note every caller.

    listener.py PORT-FILE CALLS

PORT-FILE gets the number of the port once callers are heard; each of them is
a line "called" at the end of the file CALLS.
"""

import os
import select
import socket
import sys


def bind():
    """A TCP and a UDP socket of one number."""
    while True:
        tcp = socket.socket()
        tcp.bind(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
            return tcp, udp
        except OSError:
            tcp.close()
            udp.close()


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: listener.py PORT-FILE CALLS")
    calls = open(sys.argv[2], "a", buffering=1)
    tcp, udp = bind()
    tcp.listen()
    with open(sys.argv[1] + ".new", "w") as file:
        file.write("%d\n" % tcp.getsockname()[1])
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    while True:
        for ready in select.select([tcp, udp], [], [])[0]:
            if ready is tcp:
                ready.accept()[0].close()
            else:
                ready.recv(100)
            calls.write("called\n")


main()

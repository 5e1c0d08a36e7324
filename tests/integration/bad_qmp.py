#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Play a QEMU that means no good, on a Unix socket, for one client; or a guest
agent that says that two of four processors are online.

    bad_qmp.py silent|slow|vanishing|flood|lying|garbage|agent SOCKET
"""

import json
import socket
import sys
import time

GREETING = {"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": ""},
                    "capabilities": []}}
LIES = {
    "query-status": {"status": "running", "running": True},
    "query-kvm": {"enabled": False, "present": True},
    "qom-get": {"cpus": 4, "maxcpus": 4, "sockets": 4, "cores": 1, "threads": 1},
    "query-cpus-fast": [{"cpu-index": 4000, "thread-id": 1}, {"cpu-index": 4000},
                        {"cpu-index": 0, "thread-id": 999999999}],
    "query-stats": [{"provider": "kvm", "qom-path": 5, "stats": {}}, 7],
    "query-sev": {"enabled": "perhaps"},
    "guest-get-vcpus": [{"logical-id": number, "online": number < 2, "can-offline": True}
                        for number in range(4)],
    "human-monitor-command": "CPU#0\r\nEAX=zz EIP=\r\nCR0=" + "f" * 1000 + "\r\nCPU#77777\r\n",
}


def answer(client, mode):
    """Serve one client."""
    words = client.makefile("rw", encoding="utf-8", newline="\n")

    def say(value):
        words.write(json.dumps(value) + "\r\n")
        words.flush()

    if mode == "garbage":
        client.sendall(b"\x00\xff HTTP/1.1 400 Bad Request\r\n\r\n")
    if mode in ("silent", "garbage"):
        time.sleep(60)
    if mode == "flood":
        while True:
            client.sendall(b'{"QMP": "' + b"x" * 65536)
    if mode != "agent":
        say(GREETING)
    for line in words:
        request = json.loads(line)
        if mode == "slow" and request["execute"] != "qmp_capabilities":
            for letter in json.dumps({"return": {}, "id": request["id"]}):
                client.sendall(letter.encode())
                time.sleep(1)
        if mode == "vanishing" and request["execute"] == "human-monitor-command":
            client.sendall(b'{"return": "CPU#0')
            return
        say({"return": LIES.get(request["execute"], {}), "id": request["id"]})


def main():
    """Listen, and serve the first client."""
    mode, path = sys.argv[1:]
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(1)
        client, _ = server.accept()
        try:
            with client:
                answer(client, mode)
        except OSError:
            pass


if __name__ == "__main__":
    main()

"""Runs a command in a network of its own that has loopback and nothing else. Started inside `unshare -n`.

    python without_network.py [--as UID GID] COMMAND…

Kernels talk over loopback, which is down in a new network. A connection outward must fail, or this refuses to run.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    request = struct.pack("16sH14x", b"lo", 0)
    flags = struct.unpack("16sH14x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
    fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))

with socket.socket() as probe:
    probe.settimeout(2)
    if probe.connect_ex(("192.0.2.1", 80)) == 0:
        sys.exit("There is still a network here.")

command = sys.argv[1:]
if command[0] == "--as":
    uid, gid, command = int(command[1]), int(command[2]), command[3:]
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
os.execvp(command[0], command)

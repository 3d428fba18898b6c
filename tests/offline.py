"""Runs a command where nothing but this machine can be reached: `python -m tests.offline COMMAND [ARGUMENT ...]`.

The command gets a network namespace of its own (Linux) with loopback and nothing else: servers on 127.0.0.1 work, every
other address is unreachable, no name resolves. It needs root, or a kernel that gives namespaces to everybody.
`--if-possible` runs the command all the same where there can be none, and says so. Exit codes: the command's; 3 when
there is no namespace, 127 when there is no such command.
"""

import ctypes
import errno
import fcntl
import os
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1  # linux/sockios.h, linux/if.h
NO_NAMESPACE, NO_COMMAND = 3, 127


def enter() -> None:
    """Moves this process into a network namespace with loopback only. Raises OSError where that is not allowed."""
    if not sys.platform.startswith("linux"):
        raise OSError(errno.ENOSYS, "network namespaces are Linux's")
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        _unshare(CLONE_NEWNET)
    else:  # whoever makes a namespace of users may do in it what root may; his files stay his own
        _unshare(CLONE_NEWUSER | CLONE_NEWNET)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _bring_up("lo")


def _unshare(flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)  # Python has os.unshare from 3.12 on
    if libc.unshare(flags):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _bring_up(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", interface.encode(), 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", interface.encode(), flags | IFF_UP))


def main(arguments: Sequence[str]) -> int:
    """Becomes the command; returns only when it cannot."""
    lenient = list(arguments[:1]) == ["--if-possible"]
    command = list(arguments[1:] if lenient else arguments)
    if not command:
        print("offline: no command: python -m tests.offline [--if-possible] COMMAND [ARGUMENT ...]", file=sys.stderr)
        return NO_NAMESPACE
    try:
        enter()
    except OSError as error:
        print(f"offline: no network namespace here: {error.strerror}", file=sys.stderr)
        if not lenient:
            return NO_NAMESPACE
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"offline: {command[0]}: {error.strerror}", file=sys.stderr)
        return NO_COMMAND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

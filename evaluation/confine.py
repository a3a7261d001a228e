"""Gives up rights and becomes another program: run as a script, in a process of its own, by `sandbox`.

Standard library only, since it starts without packages. On Linux a Landlock rule set (Documentation/userspace-api/
landlock.rst) leaves the file system readable only where interpreters need it and writable only in the working
folder; a seccomp filter (seccomp_filter.rst) leaves no sockets, no new processes, no signals to others, no memory that
outlives the process, and of what Landlock does not know (modes, owners, times of files) nothing but the pretence. Both
work without privileges, and hold for whatever is executed afterwards. Elsewhere only the limits of `setrlimit` are
there.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterable, Mapping

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _SECCOMP_FILTER = 1, 22, 38, 2

_LANDLOCK_CREATE, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION_FLAG, _LANDLOCK_PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_MAKE_DEVICES_AND_SOCKETS = 1 << 6 | 1 << 9 | 1 << 11
_RIGHTS_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_N_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15}

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_IF_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ALLOW, _ERROR = 0x8000_0000, 0x7FFF_0000, 0x0005_0000
_AT_NUMBER, _AT_MACHINE, _AT_FIRST_ARGUMENT = 0, 4, 16
_CLONE_THREAD = 0x0001_0000

# Numbers of system calls: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
# For each machine: its mark, calls that depend on an argument, forbidden calls, calls that only seem to work.
_MACHINES: dict[str, tuple[int, dict[str, int], tuple[int, ...], tuple[int, ...]]] = {
    "x86_64": (
        0xC000_003E,
        {"clone": 56, "clone3": 435, "kill": 62, "tgkill": 234, "prlimit64": 302},
        (
            *(57, 58),  # fork, vfork
            *(41, 42, 49, 44, 53, 425),  # socket, connect, bind, sendto, socketpair, io_uring_setup
            *(200, 129, 297, 424),  # tkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal
            *(101, 310, 311),  # ptrace, process_vm_readv, process_vm_writev
            *(165, 166, 155, 161, 308, 272),  # mount, umount2, pivot_root, chroot, setns, unshare
            *(428, 429, 430, 321, 298),  # open_tree, move_mount, fsopen, bpf, perf_event_open
            *(169, 167, 168, 175, 313, 176, 246, 320),  # reboot, swapon, swapoff, modules, kexec
            *(248, 249, 250),  # add_key, request_key, keyctl
            *(170, 164, 227, 163, 179, 141),  # sethostname, settimeofday, clock_settime, acct, quotactl, setpriority
            *(319, 447, 29, 64, 68, 240),  # memfd_create, memfd_secret, shmget, semget, msgget, mq_open
            304,  # open_by_handle_at
        ),
        (
            *(90, 91, 268, 452),  # chmod, fchmod, fchmodat, fchmodat2
            *(92, 93, 94, 260),  # chown, fchown, lchown, fchownat
            *(132, 235, 261, 280),  # utime, utimes, futimesat, utimensat
            *(188, 189, 190, 463, 197, 198, 199, 466),  # setxattr and removexattr, each with l, f and at
        ),
    ),
    "aarch64": (
        0xC000_00B7,
        {"clone": 220, "clone3": 435, "kill": 129, "tgkill": 131, "prlimit64": 261},
        (
            *(198, 203, 200, 206, 199, 425),
            *(130, 138, 240, 424),
            *(117, 270, 271),
            *(40, 39, 41, 51, 268, 97),
            *(428, 429, 430, 280, 241),
            *(142, 224, 225, 105, 273, 106, 104, 294),
            *(217, 218, 219),
            *(161, 170, 112, 89, 60, 140),
            *(279, 447, 194, 190, 186, 180),
            265,
        ),
        (
            *(52, 53, 452),
            *(55, 54),
            88,
            *(5, 6, 7, 463, 14, 15, 16, 466),
        ),
    ),
}


def main() -> None:
    """Confine this process as the first argument (JSON) says, then execute the rest; alone, tell what was done."""
    wanted = json.loads(sys.argv[1])
    command = sys.argv[2:]
    in_force = ["limits of " + ", ".join(["time", *_limit(wanted["limits"])])]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != wanted["parent"]:
            sys.exit("The parent has ended.")
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            if _restrict_files(libc, wanted["readable"], wanted["writable"]):
                in_force.append("files only in a folder of its own (Landlock)")
            if _restrict_calls(libc):
                in_force.append("no network, no other processes (seccomp)")
    if command:
        os.execv(command[0], command)
    sys.stdout.write(json.dumps(in_force))


def _limit(limits: Mapping[str, int]) -> list[str]:
    """Set limits as low as wanted, or lower where the user has less; return in words which ones hold."""
    words = {"RLIMIT_AS": "memory", "RLIMIT_DATA": "memory", "RLIMIT_FSIZE": "file size"}
    held = []
    for name, amount in limits.items():
        which = getattr(resource, name)
        most = resource.getrlimit(which)[1]
        lowest = amount if most == resource.RLIM_INFINITY else min(amount, most)
        try:
            resource.setrlimit(which, (lowest, lowest))
        except (OSError, ValueError):
            continue  # macOS knows limits of memory and refuses to set them
        held += [words[name]] if name in words else []
    return held


def _restrict_files(libc: ctypes.CDLL, readable: Iterable[str], writable: str) -> bool:
    """Leave only some folders readable and one writable; tell whether that worked."""
    version = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), _LANDLOCK_VERSION_FLAG)
    if version < 1:
        return False
    everything = (1 << _N_RIGHTS_BY_VERSION.get(version, 15)) - 1
    wanted = ctypes.create_string_buffer(struct.pack("=Q", everything), 8)
    rules = libc.syscall(_LANDLOCK_CREATE, wanted, ctypes.c_size_t(8), 0)
    if rules < 0:
        return False
    read = _EXECUTE | _READ_FILE | _READ_DIR
    allowed = [(path, read) for path in readable]
    allowed += [(writable, everything & ~_MAKE_DEVICES_AND_SOCKETS), ("/dev/null", _READ_FILE | _WRITE_FILE)]
    for path, rights in allowed:
        _allow(libc, rules, path, rights)
    is_done: bool = libc.syscall(_LANDLOCK_RESTRICT, rules, 0) == 0
    os.close(rules)
    return is_done


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what isn't there needs no right
    if not os.path.isdir(path):
        rights &= _RIGHTS_OF_FILES
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, place), 12)
    libc.syscall(_LANDLOCK_ADD_RULE, rules, _LANDLOCK_PATH_BENEATH, rule, 0)
    os.close(place)


def _restrict_calls(libc: ctypes.CDLL) -> bool:
    """Take away sockets, processes and signals to others; tell whether that worked."""
    known = _MACHINES.get(platform.machine())
    if known is None:
        return False
    program = b"".join(struct.pack("=HBBI", *step) for step in _filter(*known, os.getpid()))
    steps = ctypes.create_string_buffer(program, len(program))
    pointer = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(steps)))
    is_done: bool = libc.prctl(_PR_SET_SECCOMP, _SECCOMP_FILTER, pointer, 0, 0) == 0
    return is_done


def _filter(
    machine: int, numbers: dict[str, int], denied: tuple[int, ...], pretended: tuple[int, ...], own_pid: int
) -> list[tuple[int, int, int, int]]:
    """Return the steps of a classic BPF program, (code, jump if true, jump if false, value)."""
    refuse = (_RETURN, 0, 0, _ERROR | errno.EPERM)
    allow = (_RETURN, 0, 0, _ALLOW)
    first_argument = (_LOAD, 0, 0, _AT_FIRST_ARGUMENT)
    steps = [
        (_LOAD, 0, 0, _AT_MACHINE),
        (_JUMP_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _AT_NUMBER),
        (_JUMP_AT_LEAST, 0, 1, 0x4000_0000),  # another numbering of the same calls (x32)
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
    ]
    for number in denied:
        steps += [(_JUMP_EQUAL, 0, 1, number), refuse]
    for number in pretended:  # refused, they would end programs that copy a file with its mode
        steps += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERROR)]
    # Unknown: the C library then uses clone, whose flags can be seen here.
    steps += [(_JUMP_EQUAL, 0, 1, numbers["clone3"]), (_RETURN, 0, 0, _ERROR | errno.ENOSYS)]
    thread = [first_argument, (_JUMP_IF_BIT, 0, 1, _CLONE_THREAD), allow, refuse]
    steps += [(_JUMP_EQUAL, 0, len(thread), numbers["clone"]), *thread]
    for name in ("kill", "tgkill", "prlimit64"):
        own = [first_argument, (_JUMP_EQUAL, 1, 0, own_pid), (_JUMP_EQUAL, 0, 1, 0), allow, refuse]
        if name == "kill":  # 0 is the whole group here, not the caller
            own = [first_argument, (_JUMP_EQUAL, 0, 1, own_pid), allow, refuse]
        steps += [(_JUMP_EQUAL, 0, len(own), numbers[name]), *own]
    return [*steps, allow]


if __name__ == "__main__":
    main()

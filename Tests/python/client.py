#!/usr/bin/env python3
"""A client in Python, written from docs/PROTOCOL.md: calls kernels, and misbehaves on request.

usage: client.py SOCKET call KERNEL [NAME=TYPE:VALUE ...] [options]
       client.py SOCKET hostile MODE KERNEL [NAME=TYPE:VALUE ...] [options]

VALUE is a JSON number or array, or `fill(VALUE, SIZE, ...)`, or `range(SIZE)`.

`call` prints one JSON object: the reply, its outputs by name. With --count it prints how many
replies of which outcome came, and the first one.

`hostile` does what MODE says, then, where the connection should go on, makes the good call that is
given and prints {"after": REPLY, "connection": "open" or "closed", "hostile": [REPLY, ...]}.

Exit codes: 0 every reply is a result (hostile: the good call's is, or MODE expects no good call),
1 another outcome, 6 no reply in time, 7 no connection, 8 the connection ended before the reply,
64 usage, 76 the daemon's frames are not what the page says.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import math
import os
import random
import re
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
import ksup  # noqa: E402

EX_OK, EX_OUTCOME, EX_TIMEOUT, EX_CONNECT, EX_LOST, EX_USAGE, EX_PROTOCOL = 0, 1, 6, 7, 8, 64, 76


class Lost(Exception):
    """The connection ended."""


class Patience(Exception):
    """No reply in time."""


# -------------------------------------------------------------------------------------- arguments


def parse_argument(argument: str) -> ksup.Tensor:
    match = re.fullmatch(r"([^=]+)=([a-z0-9]+):(.*)", argument, re.DOTALL)
    if not match or match[2] not in ksup.ELEMENT_NUMBERS:
        raise ValueError(f"'{argument}' is not NAME=TYPE:VALUE")
    name, type, value = match.groups()
    if made := re.fullmatch(r"fill\(([^,]+)((?:,\s*\d+)+)\)", value):
        shape = tuple(int(size) for size in re.findall(r"\d+", made[2]))
        element = ksup.Tensor.of(name, type, json.loads(made[1])).data
        return ksup.Tensor(name, type, shape, element * math.prod(shape))
    if made := re.fullmatch(r"range\((\d+)\)", value):
        count = int(made[1])
        return ksup.Tensor.of(name, type, range(count), (count,))
    return ksup.Tensor.of(name, type, json.loads(value))


def describe(reply: ksup.Reply, descriptors: list[int], limit: int) -> dict:
    """The reply for JSON; outputs of more than `limit` elements as a digest and their first ones."""
    outputs = {}
    for tensor in reply.tensors:
        data = ksup.read_tensor(tensor, descriptors)
        count = math.prod(tensor.shape)
        size = ksup.ELEMENTS[ksup.ELEMENT_NUMBERS[tensor.type]][2]
        output = {"type": tensor.type, "shape": list(tensor.shape), "memfd": tensor.data is None}
        if count <= limit:
            values = [plain(value) for value in tensor.values(data)]
            output["values"] = ksup.nested(values, tensor.shape)
        else:
            output["sha256"] = hashlib.sha256(data).hexdigest()
            output["first"] = [plain(value) for value in tensor.values(data[: 8 * size])]
        outputs[tensor.name] = output
    return {
        "id": reply.id,
        "outcome": reply.outcome,
        "execution": reply.execution,
        "degraded": reply.degraded,
        "attempts": reply.attempts,
        "retry_after_ns": reply.retry_after,
        "queued_ns": reply.queued,
        "executed_ns": reply.executed,
        "device_ns": reply.device,
        "incarnation": reply.incarnation,
        "worker": reply.worker,
        "message": reply.message,
        "outputs": outputs,
    }


def plain(value):
    """JSON has no NaN and no infinity."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


# -------------------------------------------------------------------------------------- connection


class Client:
    def __init__(self, options):
        self.options = options
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(options.socket)
        self.ends = time.monotonic() + options.patience
        self.next_id = 1

    def call(self, id=None) -> ksup.Call:
        """The call that the command line describes, with its descriptors in `descriptors`."""
        options = self.options
        if id is None:
            id, self.next_id = self.next_id, self.next_id + 1
        deadline = options.deadline_ns
        if options.timeout is not None:
            deadline = ksup.now() + int(options.timeout * 1e9)
        flags = (ksup.IDEMPOTENT if options.idempotent else 0) | (
            ksup.NO_RETRY if options.no_retry else 0
        )
        tensors = [parse_argument(argument) for argument in options.argument]
        return ksup.Call(id, options.kernel, tensors, flags, deadline, options.attempt, options.trace)

    def prepare(self, id=None) -> tuple[ksup.Call, list[int]]:
        call = self.call(id)
        descriptors = ksup.place_tensors(call.tensors, self.options.memfd)
        call.descriptor_count = len(descriptors)
        return call, descriptors

    def send(self, frame: bytes, descriptors=()) -> None:
        try:
            self.socket.settimeout(self.left())
            ksup.send(self.socket, frame, descriptors)
        except TimeoutError:
            raise Patience("the daemon takes no more") from None
        except (BrokenPipeError, ConnectionResetError):
            raise Lost("the connection ended while sending") from None

    def send_call(self, id=None) -> int:
        call, descriptors = self.prepare(id)
        try:
            self.send(call.encode(), descriptors)
        finally:
            close(descriptors)
        return call.id

    def receive(self) -> dict:
        """The next reply, as JSON."""
        try:
            self.socket.settimeout(self.left())
            packet = ksup.receive(self.socket)
        except TimeoutError:
            raise Patience("no reply in time") from None
        if packet is None:
            raise Lost("the connection ended before the reply")
        try:
            if packet.is_cut:
                raise ksup.WireError("the reply broke a limit")
            head = ksup.decode_header(packet.data)
            if head.type != ksup.REPLY:
                raise ksup.WireError(f"a frame of type {head.type} is not for a client")
            ksup.check_descriptors(head, packet)
            reply = ksup.decode_reply(packet.data, head)
            return describe(reply, packet.descriptors, self.options.values)
        finally:
            packet.close()

    def left(self) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise Patience("no reply in time")
        return left


def close(descriptors) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


# ------------------------------------------------------------------------------------------ calls


def call(client: Client) -> int:
    options = client.options
    if options.count is not None:
        return pipeline(client)
    id = client.send_call()
    if options.cancel_after is not None:
        time.sleep(options.cancel_after)
        client.send(ksup.cancel(id))
    reply = client.receive()
    if reply["id"] != id:
        raise ksup.WireError(f"a reply for call {reply['id']}, which was not made")
    show(reply)
    return EX_OK if reply["outcome"] == "result" else EX_OUTCOME


def pipeline(client: Client) -> int:
    """Many calls on one connection, `--window` of them in flight."""
    options = client.options
    outcomes, executions, workers = (collections.Counter() for _ in range(3))
    first, pending, sent, same = None, set(), 0, True
    while sent < options.count or pending:
        while sent < options.count and len(pending) < options.window:
            pending.add(client.send_call())
            sent += 1
        reply = client.receive()
        if reply["id"] not in pending:
            raise ksup.WireError(f"a reply for call {reply['id']}, which is not in flight")
        pending.remove(reply["id"])
        first = first or reply
        same = same and reply["outputs"] == first["outputs"]
        outcomes[reply["outcome"]] += 1
        executions[reply["execution"]] += 1
        workers[f"{reply['worker']}#{reply['incarnation']}"] += 1
    show(
        {
            "count": options.count,
            "outcomes": outcomes,
            "executions": executions,
            "workers": workers,
            "same_outputs": same,
            "first": first,
        }
    )
    return EX_OK if outcomes["result"] == options.count else EX_OUTCOME


# ---------------------------------------------------------------------------------------- hostility


def patched(frame: bytes, offset: int, layout: str, *values) -> bytes:
    data = bytearray(frame)
    struct.pack_into(layout, data, offset, *values)
    return bytes(data)


def inline_frame(client: Client) -> bytes:
    """The good call with its tensors inline."""
    return client.call().encode()


def broken(change):
    """Sends one frame made by `change` from the good call; one reply is expected."""

    def act(client: Client) -> list[dict]:
        client.send(change(inline_frame(client)))
        return [client.receive()]

    return act


def unexpected(client: Client) -> list[dict]:
    """A frame that a client does not send."""
    client.send(patched(ksup.hello(1), 16, "<Q", 77))
    return [client.receive()]


def duplicate_id(client: Client) -> list[dict]:
    """The same id twice, with the first one in flight: both are answered."""
    for _ in range(2):
        client.send_call(id=5)
    return [client.receive(), client.receive()]


def with_descriptors(make, stated=None, named=False):
    """A call with the descriptors that `make` gives; `named`: all its tensors are said to lie in
    the first."""

    def act(client: Client) -> list[dict]:
        good = client.call()
        descriptors = make(good)
        if named:
            for tensor in good.tensors:
                tensor.data = None
        good.descriptor_count = len(descriptors) if stated is None else stated
        try:
            client.send(good.encode(), descriptors)
        finally:
            close(descriptors)
        return [client.receive()]

    return act


def largest(call: ksup.Call) -> bytes:
    return max((tensor.data for tensor in call.tensors), key=len, default=b"") or bytes(8)


def unsealed(call: ksup.Call) -> list[int]:
    return [ksup.make_memfd(largest(call), seals=0)]


def half_sealed(call: ksup.Call) -> list[int]:
    return [ksup.make_memfd(largest(call), seals=ksup.F_SEAL_GROW | ksup.F_SEAL_WRITE)]


def short_memfd(call: ksup.Call) -> list[int]:
    return [ksup.make_memfd(b"")]


def pipe(call: ksup.Call) -> list[int]:
    reading, writing = os.pipe()
    os.close(writing)
    return [reading]


def extra(count: int):
    return lambda call: [ksup.make_memfd(b"extra") for _ in range(count)]


def garbage(client: Client) -> list[dict]:
    """A hundred packets of random bytes, one reply each."""
    source = random.Random(client.options.seed)
    replies = []
    for _ in range(100):
        client.send(source.randbytes(source.randint(1, 300)))
        replies.append(client.receive())
    return replies


def unknown_cancel(client: Client) -> list[dict]:
    client.send(ksup.cancel(123456))
    return []


HOSTILE = {
    "truncated": broken(lambda frame: frame[:-8]),
    "tiny": broken(lambda frame: frame[:12]),
    "half-header": broken(lambda frame: frame[:40]),
    "wrong-version": broken(lambda frame: patched(frame, 4, "<H", 9)),
    "wrong-magic": broken(lambda frame: b"KSUQ" + frame[4:]),
    "wrong-type": broken(lambda frame: patched(frame, 6, "<H", 999)),
    "lying-length": broken(lambda frame: patched(frame, 8, "<I", len(frame) + 4096)),
    "oversized": broken(lambda frame: patched(frame, 8, "<I", 120000) + bytes(120000 - len(frame))),
    "zero-id": broken(lambda frame: patched(frame, 16, "<Q", 0)),
    "many-tensors": broken(lambda frame: patched(frame, 24, "<H", 65535)),
    "bad-table": broken(lambda frame: patched(frame, 96 + name_bytes(frame), "<B", 200)),
    "unexpected": unexpected,
    "unknown-cancel": unknown_cancel,
    "duplicate-id": duplicate_id,
    "unsealed": with_descriptors(unsealed, named=True),
    "half-sealed": with_descriptors(half_sealed, named=True),
    "short-memfd": with_descriptors(short_memfd, named=True),
    "pipe": with_descriptors(pipe, named=True),
    "extra-descriptors": with_descriptors(extra(3), stated=0),
    "missing-descriptors": with_descriptors(extra(0), stated=2),
    "too-many-descriptors": with_descriptors(extra(100), stated=64),
    "garbage": garbage,
}
# Modes that end the connection, and so make no good call.
ENDING = ("close", "never-read")


def name_bytes(frame: bytes) -> int:
    return ksup.padded(struct.unpack_from("<H", frame, 70)[0])


def hostile(client: Client) -> int:
    mode = client.options.mode
    if mode == "close":
        client.send_call()
        time.sleep(client.options.hold)
        client.socket.close()
        show({"after": None, "connection": "closed", "hostile": []})
        return EX_OK
    if mode == "never-read":
        return never_read(client)
    replies = HOSTILE[mode](client)
    try:
        id = client.send_call()
        after = client.receive()
        connection = "open"
    except Lost:
        id, after, connection = 0, None, "closed"
    show({"after": after, "connection": connection, "hostile": replies})
    if after is None:
        return EX_LOST
    if after["id"] != id:
        raise ksup.WireError(f"a reply for call {after['id']} in place of {id}")
    return EX_OK if after["outcome"] == "result" else EX_OUTCOME


def never_read(client: Client) -> int:
    """Sends `--count` calls, or until the daemon takes no more for `--hold` seconds, or closes."""
    sent, ended = 0, "all sent"
    try:
        while sent < (client.options.count or 100_000):
            call, descriptors = client.prepare()
            client.socket.settimeout(client.options.hold)
            try:
                ksup.send(client.socket, call.encode(), descriptors)
            finally:
                close(descriptors)
            sent += 1
    except TimeoutError:
        ended = "blocked"
    except (BrokenPipeError, ConnectionResetError):
        ended = "closed"
    show({"after": None, "connection": ended, "hostile": [], "sent": sent})
    return EX_OK


# -------------------------------------------------------------------------------------------- main


def show(value: dict) -> None:
    print(json.dumps(value, sort_keys=True), flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="calls kernels of kernelsupd")
    parser.add_argument("socket", help="path of the calls socket")
    verbs = parser.add_subparsers(dest="verb", required=True)
    good = verbs.add_parser("call")
    bad = verbs.add_parser("hostile")
    bad.add_argument("mode", choices=sorted([*HOSTILE, *ENDING]))
    bad.add_argument("--hold", type=float, default=0.2, help="seconds before a close, or blocked")
    bad.add_argument("--seed", type=int, default=1, help="of mode garbage")
    for verb in (good, bad):
        verb.add_argument("kernel")
        verb.add_argument("argument", nargs="*", help="NAME=TYPE:VALUE")
        verb.add_argument("--memfd", action="store_true", help="all tensors travel as memfds")
        verb.add_argument("--timeout", type=float, help="seconds from now to the deadline")
        verb.add_argument("--deadline-ns", type=int, default=0, help="CLOCK_BOOTTIME")
        verb.add_argument("--idempotent", action="store_true")
        verb.add_argument("--no-retry", action="store_true")
        verb.add_argument("--attempt", type=int, default=1)
        verb.add_argument("--trace", type=lambda text: int(text, 16), default=0, help="in hex")
        verb.add_argument("--patience", type=float, default=30, help="seconds to wait in all")
        verb.add_argument("--values", type=int, default=64, help="elements printed at most")
        verb.add_argument("--count", type=int, help="calls on one connection")
    good.add_argument("--window", type=int, default=16, help="calls in flight")
    good.add_argument("--cancel-after", type=float, help="seconds until a cancel")
    return parser.parse_args()


def main() -> int:
    try:
        options = parse()
        for argument in options.argument:
            parse_argument(argument)
    except SystemExit as end:
        return EX_OK if end.code == 0 else EX_USAGE
    except (ValueError, TypeError, struct.error) as error:
        return problem(EX_USAGE, f"wrong argument: {error}")
    try:
        client = Client(options)
    except OSError as error:
        return problem(EX_CONNECT, f"could not connect to {options.socket}: {error}")
    try:
        return (call if options.verb == "call" else hostile)(client)
    except Patience as error:
        return problem(EX_TIMEOUT, str(error))
    except Lost as error:
        return problem(EX_LOST, str(error))
    except ksup.WireError as error:
        return problem(EX_PROTOCOL, f"the daemon broke the protocol: {error}")


def problem(code: int, message: str) -> int:
    print(f"client.py: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())

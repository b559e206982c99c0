#!/usr/bin/env python3
"""A worker in Python, written from docs/PROTOCOL.md: takes calls on the inherited channel.

    python/scale   y = factor * x, f64[n]
    python/sleep   waits for `seconds`, or until it is cancelled; gives `slept`
    python/fail    reports a failure of its own

usage: worker.py [--concurrency N]

Three kinds of thread: one reads the channel, one sends heartbeats, N compute. So a cancel is seen
and the daemon hears of the worker while a kernel runs.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import queue
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
import ksup  # noqa: E402

EX_OK, EX_USAGE, EX_SOFTWARE, EX_PROTOCOL = 0, 64, 70, 76


class KernelFailure(Exception):
    """What a kernel answers instead of a result."""

    def __init__(self, outcome: str, message: str, execution="ran_and_failed"):
        super().__init__(message)
        self.outcome, self.message, self.execution = outcome, message, execution


@dataclasses.dataclass
class Running:
    """A call that this worker has and has not answered."""

    call: ksup.Call
    packet: ksup.Packet
    cancelled: threading.Event = dataclasses.field(default_factory=threading.Event)
    started: bool = False
    progress: int = 0

    def check(self) -> None:
        if self.cancelled.is_set():
            execution = "ran_and_failed" if self.started else "not_run"
            raise KernelFailure("cancelled", "the call was cancelled", execution)

    def arguments(self, expected: dict[str, tuple[str, int]]) -> dict[str, ksup.Tensor]:
        """The tensors by name, after comparing them with name → (type, rank)."""
        given = {tensor.name: tensor for tensor in self.call.tensors}
        for name in expected:
            if name not in given:
                raise invalid(f"argument '{name}' is missing")
        for name, tensor in given.items():
            if name not in expected:
                raise invalid(f"argument '{name}' is not known; there are {', '.join(expected)}")
            type, rank = expected[name]
            if tensor.type != type:
                raise invalid(f"argument '{name}' is {tensor.type}, and must be {type}")
            if len(tensor.shape) != rank:
                raise invalid(f"argument '{name}' has rank {len(tensor.shape)}, and must have {rank}")
        return given

    def values(self, tensor: ksup.Tensor) -> tuple:
        return tensor.values(ksup.read_tensor(tensor, self.packet.descriptors))


def invalid(message: str) -> KernelFailure:
    return KernelFailure("invalid_argument", message, "not_run")


def scale(running: Running) -> list[ksup.Tensor]:
    given = running.arguments({"x": ("f64", 1), "factor": ("f64", 0)})
    x, (factor,) = running.values(given["x"]), running.values(given["factor"])
    running.started = True
    result = []
    for start in range(0, len(x), 65536):
        running.check()
        result += [factor * value for value in x[start : start + 65536]]
        running.progress += 1
    return [ksup.Tensor.of("y", "f64", result, (len(result),))]


def sleep(running: Running) -> list[ksup.Tensor]:
    given = running.arguments({"seconds": ("f64", 0)})
    (seconds,) = running.values(given["seconds"])
    if not 0 <= seconds <= 3600:
        raise invalid(f"argument 'seconds' is {seconds}, and must be in 0...3600")
    running.started = True
    start = time.monotonic()
    while (left := start + seconds - time.monotonic()) > 0:
        running.cancelled.wait(min(left, 0.05))
        running.check()
        running.progress += 1
    return [ksup.Tensor.of("slept", "f64", time.monotonic() - start)]


def fail(running: Running) -> list[ksup.Tensor]:
    running.arguments({})
    running.started = True
    raise KernelFailure("kernel_failed", "this kernel always fails")


KERNELS = {"python/scale": scale, "python/sleep": sleep, "python/fail": fail}
SIGNATURES = [
    ksup.Signature(
        "python/scale",
        "Multiplies a vector by a number.",
        [
            ksup.Argument("x", "f64", ("n",)),
            ksup.Argument("factor", "f64", documentation="what each element is multiplied by"),
            ksup.Argument("y", "f64", ("n",), output=True),
        ],
        idempotent=True,
    ),
    ksup.Signature(
        "python/sleep",
        "Waits, and gives the seconds that it waited.",
        [
            ksup.Argument("seconds", "f64", range="0...3600"),
            ksup.Argument("slept", "f64", output=True),
        ],
    ),
    ksup.Signature("python/fail", "Fails.", [], idempotent=True),
]


class Worker:
    def __init__(self, channel: socket.socket, concurrency: int):
        self.channel = channel
        self.concurrency = concurrency
        self.lock = threading.Lock()  # guards what follows, and sending
        self.running: dict[int, Running] = {}
        self.ended = 0
        self.waiting: queue.SimpleQueue[Running | None] = queue.SimpleQueue()

    def serve(self) -> int:
        ksup.send(self.channel, ksup.hello(self.concurrency))
        packet = ksup.receive(self.channel)
        if packet is None:
            return EX_OK
        head = ksup.decode_header(packet.data)
        if head.type == ksup.REFUSE:
            print(f"refused: {ksup.decode_refuse(packet.data)}", file=sys.stderr)
            return EX_PROTOCOL
        if head.type != ksup.WELCOME:
            raise ksup.WireError(f"a frame of type {head.type} in place of a welcome")
        self.welcome = ksup.decode_welcome(packet.data)
        if self.welcome.version != ksup.VERSION:
            raise ksup.WireError(f"welcomed to version {self.welcome.version}")
        device = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"
        ksup.send(self.channel, ksup.ready(device, SIGNATURES))
        computing = [threading.Thread(target=self.compute) for _ in range(self.concurrency)]
        for thread in computing:
            thread.start()
        threading.Thread(target=self.beat, daemon=True).start()
        self.read()
        for thread in computing:
            self.waiting.put(None)
        for thread in computing:
            thread.join()
        return EX_OK

    def read(self) -> None:
        """Takes frames until the daemon asks for the end."""
        while True:
            packet = ksup.receive(self.channel)
            if packet is None:
                # The daemon is gone, and nobody waits for what still runs.
                os._exit(EX_OK)
            head = ksup.decode_header(packet.data)
            if head.type == ksup.CALL:
                self.take(head, packet)
                continue
            packet.close()
            if head.type == ksup.PROBE:
                self.look(head.id, ksup.decode_probe(packet.data))
            elif head.type == ksup.CANCEL:
                with self.lock:
                    if running := self.running.get(head.id):
                        running.cancelled.set()
            elif head.type == ksup.SHUTDOWN:
                threading.Thread(target=self.read_cancels, daemon=True).start()
                return
            else:
                raise ksup.WireError(f"a frame of type {head.type} is not for a worker")

    def read_cancels(self) -> None:
        """While the last calls run, they can still be cancelled and the daemon can still go."""
        while (packet := ksup.receive(self.channel)) is not None:
            head = ksup.decode_header(packet.data)
            packet.close()
            with self.lock:
                if head.type == ksup.CANCEL and (running := self.running.get(head.id)):
                    running.cancelled.set()
        os._exit(EX_OK)

    def look(self, number: int, kernel: str) -> None:
        """Answers a probe: without a free thread, nothing can be said."""
        with self.lock:
            if len(self.running) >= self.concurrency:
                frame = ksup.probed(number, "busy")
            elif kernel and kernel not in KERNELS:
                frame = ksup.probed(number, "failed", f"no kernel {kernel} here")
            else:
                frame = ksup.probed(number, "ok")
            ksup.send(self.channel, frame)

    def take(self, head: ksup.Header, packet: ksup.Packet) -> None:
        try:
            if packet.is_cut:
                raise ksup.WireError("the packet did not fit")
            call = ksup.decode_call(packet.data, head)
            ksup.check_descriptors(head, packet)
        except ksup.WireError as error:
            packet.close()
            self.send(self.reply(head.id, "malformed_frame", "not_run", str(error)))
            return
        running = Running(call, packet)
        with self.lock:
            self.running[call.id] = running
        self.waiting.put(running)

    def compute(self) -> None:
        while (running := self.waiting.get()) is not None:
            reply, descriptors = self.run(running)
            running.packet.close()
            with self.lock:
                del self.running[running.call.id]
                self.ended += 1
            self.send(reply, descriptors)

    def run(self, running: Running) -> tuple[ksup.Reply, list[int]]:
        call = running.call
        start = time.monotonic_ns()
        try:
            running.check()
            if call.deadline and call.deadline <= ksup.now():
                raise KernelFailure("deadline_exceeded", "the deadline had passed", "not_run")
            if call.kernel not in KERNELS:
                raise KernelFailure("unknown_kernel", f"no kernel {call.kernel} here", "not_run")
            tensors = KERNELS[call.kernel](running)
            descriptors = ksup.place_tensors(tensors)
            reply = self.reply(call.id, "result", "ran", "")
            reply.tensors, reply.descriptor_count = tensors, len(descriptors)
        except KernelFailure as failure:
            descriptors = []
            reply = self.reply(call.id, failure.outcome, failure.execution, failure.message)
        except ksup.WireError as error:
            descriptors = []
            reply = self.reply(call.id, "malformed_frame", "not_run", str(error))
        except Exception as error:
            descriptors = []
            message = f"{type(error).__name__}: {error}"
            reply = self.reply(call.id, "kernel_failed", "ran_and_failed", message)
        reply.executed = time.monotonic_ns() - start
        return reply, descriptors

    def reply(self, id: int, outcome: str, execution: str, message: str) -> ksup.Reply:
        return ksup.Reply(
            id,
            outcome,
            execution,
            incarnation=self.welcome.incarnation,
            worker=self.welcome.worker,
            message=message,
        )

    def send(self, reply: ksup.Reply, descriptors=()) -> None:
        try:
            with self.lock:
                ksup.send(self.channel, reply.encode(), descriptors)
        except (BrokenPipeError, ConnectionResetError):
            os._exit(EX_OK)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def beat(self) -> None:
        while True:
            time.sleep(self.welcome.heartbeat_ms / 1000)
            try:
                with self.lock:
                    running = next((r for r in self.running.values() if r.started), None)
                    if running is None:
                        continue
                    frame = ksup.heartbeat(running.call.id, running.progress, self.ended)
                    ksup.send(self.channel, frame)
            except (BrokenPipeError, ConnectionResetError):
                os._exit(EX_OK)


def main() -> int:
    parser = argparse.ArgumentParser(description="a worker in Python")
    parser.add_argument("--concurrency", type=int, default=1)
    try:
        options = parser.parse_args()
        channel = socket.socket(fileno=int(os.environ["KERNELSUP_CHANNEL"]))
    except (SystemExit, KeyError, ValueError, OSError) as error:
        if isinstance(error, SystemExit) and error.code == 0:
            raise
        print(f"worker.py: no channel in KERNELSUP_CHANNEL, or wrong usage: {error}", file=sys.stderr)
        return EX_USAGE
    try:
        return Worker(channel, options.concurrency).serve()
    except ksup.WireError as error:
        print(f"worker.py: the daemon broke the protocol: {error}", file=sys.stderr)
        return EX_PROTOCOL
    except (BrokenPipeError, ConnectionResetError):
        return EX_OK


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Threads that still compute would keep the process: what could be answered was.
    os._exit(code)

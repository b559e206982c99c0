"""A daemon of its own with one kernel, a client of it, and a worker of it without any daemon."""
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from common import Missing, configure, now

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(REPOSITORY / "Tests/python"))
import ksup  # noqa: E402

PATIENCE = 60


def milliseconds(since, until):
    return (until - since) / 1e6


class TrivialWorker:
    """floor/worker.c: what a death costs besides any runtime or device."""

    name = "C worker"
    kernel = "bench/echo"

    def __init__(self, context):
        self.program = context.floor / "worker"
        data = bytes(range(256)) * 4
        self.tensors = [ksup.Tensor("data", "bytes", (len(data),), data)]
        self.result = data

    def install(self, directory):
        manifest = f'[kernel]\nname = "{self.kernel}"\ncommand = ["{self.program}"]\n'
        (directory / "kernel.toml").write_text(manifest)


class StockWorker:
    """The stock worker with OpenCL C: examples/kernels/saxpy, its known answer included."""

    name = "stock worker"
    kernel = "linear/saxpy"

    def __init__(self, context):
        x, y = [float(i) for i in range(256)], [1.0] * 256
        self.tensors = [
            ksup.Tensor.of("a", "f32", 2.0),
            ksup.Tensor.of("x", "f32", x),
            ksup.Tensor.of("y", "f32", y),
        ]
        self.result = ksup.Tensor.of("result", "f32", [2 * i + 1 for i in x]).data

    def install(self, directory):
        examples = REPOSITORY / "examples/kernels"
        shutil.copy(examples / "saxpy.cl", directory)
        # Whether a call may run twice is for the client to say, as with the other worker.
        manifest = (examples / "saxpy.toml").read_text()
        changed = manifest.replace("[kernel]\n", "[kernel]\nidempotent = false\n", 1)
        (directory / "saxpy.toml").write_text(changed)


class Daemon:
    """A release daemon with the workers of one kernel, until the end of the `with`."""

    def __init__(self, context, worker, replicas, standbys):
        self.slot_count = replicas + standbys
        self.directory = pathlib.Path(tempfile.mkdtemp(dir=context.directory))
        self.command = configure(
            context.programs,
            self.directory,
            # Every restart is a first one, which is not delayed.
            "1ms",
            defaults=f"replicas = {replicas}\nstandbys = {standbys}",
        )
        worker.install(self.directory / "kernels.d")

    def __enter__(self):
        with open(self.directory / "log", "wb") as log:
            self.process = subprocess.Popen(
                [str(word) for word in self.command], stdin=subprocess.DEVNULL, stderr=log
            )
        try:
            self.control = self.connect()
            self.settle()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def calls_socket(self):
        return f"{self.directory}/run/calls.sock"

    def failed(self, what):
        lines = (self.directory / "log").read_text(errors="replace").splitlines()
        return Missing("\n  ".join([what, *lines[-10:]]))

    def connect(self):
        deadline = now() + PATIENCE
        while now() < deadline and self.process.poll() is None:
            try:
                control = socket.socket(socket.AF_UNIX)
                control.connect(f"{self.directory}/run/control.sock")
                return control
            except OSError:
                control.close()
                time.sleep(0.01)
        raise self.failed("no daemon")

    def slots(self):
        """The slots of the kernel, as kernelsupctl status shows them."""
        self.control.sendall(b'{"method":"org.kernelsupd.Supervisor.GetStatus"}\0')
        answer = b""
        while not answer.endswith(b"\0"):
            part = self.control.recv(1 << 16)
            if not part:
                raise self.failed("the control socket was closed")
            answer += part
        return json.loads(answer[:-1])["parameters"]["status"]["kernels"][0]["slots"]

    def wait(self, what, condition):
        """The slots as soon as they are so."""
        deadline = now() + PATIENCE
        while now() < deadline:
            slots = self.slots()
            if condition(slots):
                return slots
            time.sleep(0.002)
        raise self.failed(f"not {what} after {PATIENCE} s")

    def settle(self, gone=()):
        """Waits until every slot has a worker that is ready, none of them a process of `gone`."""

        def is_settled(slots):
            ready = [slot for slot in slots if slot["state"] == "ready" and slot["pid"] not in gone]
            return len(ready) == self.slot_count

        return self.wait("all ready", is_settled)

    def replace(self):
        """Kills all workers: those that follow have built their programs from the cache."""
        pids = [slot["pid"] for slot in self.slots()]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.settle(gone=pids)


class Client:
    """One connection, one call after another."""

    def __init__(self, daemon, worker):
        self.expected = worker.result
        self.frames = {
            flags: bytearray(ksup.Call(1, worker.kernel, worker.tensors, flags).encode())
            for flags in (0, ksup.IDEMPOTENT)
        }
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(daemon.calls_socket)
        self.socket.settimeout(PATIENCE)
        self.poller = select.poll()
        self.poller.register(self.socket, select.POLLIN)
        self.id = 0

    def close(self):
        self.socket.close()

    def send(self, flags=ksup.IDEMPOTENT):
        self.id += 1
        frame = self.frames[flags]
        struct.pack_into("<Q", frame, 16, self.id)
        self.socket.send(frame)

    def receive(self):
        """The reply, and when it was there."""
        packet = self.socket.recv(ksup.MAX_FRAME_BYTES)
        at = time.monotonic_ns()
        reply = ksup.decode_reply(packet, ksup.decode_header(packet))
        if reply.id != self.id:
            raise Missing(f"a reply for call {reply.id} in place of {self.id}")
        return at, reply

    def is_good(self, reply):
        return reply.outcome == "result" and reply.tensors[0].data == self.expected

    def calls(self, count):
        """Idempotent calls: milliseconds and replies."""
        times, replies = [], []
        for _ in range(count):
            sent = time.monotonic_ns()
            self.send()
            at, reply = self.receive()
            times.append(milliseconds(sent, at))
            replies.append(reply)
        return times, replies

    def kill(self, pid, sends):
        """Kills a worker and, where no call is in flight, sends one; waits for the reply.

        Returns milliseconds from just before SIGKILL to the reply, the same to the end of the
        process, None where that was later, and the reply.
        """
        process, gone = os.pidfd_open(pid), None
        self.poller.register(process, select.POLLIN)
        killed = time.monotonic_ns()
        signal.pidfd_send_signal(process, signal.SIGKILL)
        if sends:
            self.send()
        while True:
            ready = [file for file, _ in self.poller.poll(PATIENCE * 1000)]
            if not ready:
                raise Missing(f"no reply after {PATIENCE} s")
            if process in ready:
                gone = milliseconds(killed, time.monotonic_ns())
                self.poller.unregister(process)
            if self.socket.fileno() in ready:
                break
        at, reply = self.receive()
        if gone is None:
            self.poller.unregister(process)
        os.close(process)
        return milliseconds(killed, at), gone, reply


def stop(pid):
    """Stops a process and waits until all its threads stand."""
    os.kill(pid, signal.SIGSTOP)
    while True:
        stats = [path.read_text() for path in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")]
        if all(stat.rsplit(")", 1)[1].split()[0] == "T" for stat in stats):
            return


def alone(pid, worker):
    """Starts the program of the worker `pid` without a daemon, in the same environment.

    Returns milliseconds from just before the spawn to its HELLO, its READY and the answer to a
    first call.
    """
    words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    variables = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")[:-1]
    environment = dict(variable.split(b"=", 1) for variable in variables)
    # By it a daemon would know the process as its own.
    del environment[b"KERNELSUP_WORKER"]
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(PATIENCE)
    call = ksup.Call(1, worker.kernel, worker.tensors, deadline=ksup.now() + PATIENCE * 10**9)
    frame = call.encode()

    def wait(wanted):
        while True:
            packet = ksup.receive(ours)
            at = time.monotonic_ns()
            if packet is None:
                raise Missing(f"{words[0].decode()} ended by itself")
            for descriptor in packet.descriptors:
                os.close(descriptor)
            head = ksup.decode_header(packet.data)
            if head.type == wanted:
                return at, packet.data, head

    channel = int(environment[b"KERNELSUP_CHANNEL"])
    began = time.monotonic_ns()
    child = os.posix_spawn(
        os.readlink(f"/proc/{pid}/exe"),
        words,
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, its.fileno(), channel)],
    )
    try:
        its.close()
        hello, _, _ = wait(ksup.HELLO)
        ksup.send(ours, ksup.Welcome(ksup.VERSION, 1000, 1, "bench/alone").encode())
        ready, _, _ = wait(ksup.READY)
        ksup.send(ours, frame)
        answered, packet, head = wait(ksup.REPLY)
        if ksup.decode_reply(packet, head).outcome != "result":
            raise Missing("a worker without a daemon does not answer")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        ours.close()
    return [milliseconds(began, at) for at in (hello, ready, answered)]

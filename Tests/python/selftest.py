#!/usr/bin/env python3
"""Compares the codec with the hex dumps of docs/PROTOCOL.md, and runs the worker against them.

usage: selftest.py [PROTOCOL.md]
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
import ksup  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "PROTOCOL.md"


def dumps() -> dict[str, bytes]:
    """The page's blocks by name."""
    found = {}
    for name, body in re.findall(r"```hex (\S+)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        rows = [line.split("|")[0].split()[1:] for line in body.splitlines()]
        found[name] = bytes.fromhex("".join("".join(row) for row in rows))
    return found


SCALE = ksup.Signature(
    "python/scale",
    "Multiplies a vector by a number.",
    [
        ksup.Argument("x", "f64", ("n",)),
        ksup.Argument(
            "factor",
            "f64",
            default="1",
            range="-1e300...1e300",
            documentation="what each element is multiplied by",
        ),
        ksup.Argument("y", "f64", ("n",), output=True),
    ],
    idempotent=True,
)
CALLS = {
    "call-inline": ksup.Call(
        7,
        "python/scale",
        [ksup.Tensor.of("factor", "f64", 2.5), ksup.Tensor.of("x", "f64", [1, 2, 3])],
        ksup.IDEMPOTENT,
        90_000_000_000,
        trace=0x00112233445566778899AABBCCDDEEFF,
    ),
    "call-memfd": ksup.Call(
        8,
        "core/reduce-sum",
        [ksup.Tensor("x", "f32", (1024, 1024), None, 0, 4096)],
        descriptor_count=1,
    ),
    "call-child": ksup.Call(
        3,
        "core/sum",
        [ksup.Tensor.of("x", "f64", [1, 2])],
        deadline=90_000_000_000,
        parent=41,
        key=0x1122334455667788,
    ),
}
REPLIES = {
    "reply-result": ksup.Reply(
        7,
        attempts=1,
        queued=125_000,
        executed=40_000,
        incarnation=4,
        worker="python/scale/0",
        tensors=[ksup.Tensor.of("y", "f64", [2.5, 5, 7.5])],
    ),
    "reply-refused": ksup.Reply(
        9,
        "unknown_kernel",
        "not_run",
        message="no kernel is called 'python/scal'; nearest: python/scale",
    ),
    "reply-died": ksup.Reply(
        8,
        "worker_died",
        "ran_answer_lost",
        attempts=1,
        retry_after=100_000_000,
        queued=90_000,
        incarnation=5,
        worker="core/reduce-sum/0",
        message="worker 'core/reduce-sum/0' was killed by SIGKILL while it had the call",
    ),
    "reply-unreadable": ksup.Reply(
        0,
        "malformed_frame",
        "not_run",
        message="a frame has at least 96 bytes, this one has 12",
    ),
}
WELCOME = ksup.Welcome(1, 1000, 4, "python/scale/0")
OTHERS = {
    "cancel": ksup.cancel(7),
    "hello": ksup.hello(1),
    "hello-lifeline": ksup.hello(1, lifelines=1),
    "welcome": WELCOME.encode(),
    "refuse": ksup.refuse("versions 2 to 3 are not spoken here, only 1"),
    "ready": ksup.ready("CPython 3.11", [SCALE]),
    "heartbeat": ksup.heartbeat(7, 3, 12),
    "shutdown": ksup.shutdown(),
    "probe": ksup.probe(5, "python/scale"),
    "probed": ksup.probed(5, "failed", "clFinish: CL_OUT_OF_RESOURCES"),
}


class PageTest(unittest.TestCase):
    maxDiff = None

    def test_what_is_written_is_what_the_page_shows(self):
        written = {name: frame.encode() for name, frame in (CALLS | REPLIES).items()} | OTHERS
        page = dumps()
        self.assertEqual(set(page), set(written))
        for name, frame in written.items():
            self.assertEqual(page[name].hex(" "), frame.hex(" "), name)

    def test_what_the_page_shows_is_read(self):
        page = dumps()
        for name, call in CALLS.items():
            found = ksup.decode_call(page[name], ksup.decode_header(page[name]))
            self.assertEqual(found, call)
        for name, reply in REPLIES.items():
            found = ksup.decode_reply(page[name], ksup.decode_header(page[name]))
            self.assertEqual(found, reply)
        self.assertEqual(ksup.decode_welcome(page["welcome"]), WELCOME)
        self.assertIn("only 1", ksup.decode_refuse(page["refuse"]))
        self.assertEqual(ksup.decode_probe(page["probe"]), "python/scale")
        found = ksup.decode_probed(page["probed"])
        self.assertEqual(found, ("failed", "clFinish: CL_OUT_OF_RESOURCES"))

    def test_a_cut_frame_is_refused(self):
        page = dumps()
        for name in CALLS:
            for count in range(len(page[name])):
                with self.assertRaises(ksup.WireError):
                    ksup.decode_call(page[name][:count], ksup.decode_header(page[name][:count]))


class DescriptorTest(unittest.TestCase):
    def test_a_sealed_memfd_is_read_at_an_offset(self):
        descriptor = ksup.make_memfd(bytes(5000) + b"\x01\x02\x03\x04")
        try:
            tensor = ksup.Tensor("x", "u8", (4,), None, 0, 5000)
            packet = ksup.Packet(b"", [descriptor])
            ksup.check_descriptors(ksup.Header(1, 0, 0, 0, 0, 1), packet)
            self.assertEqual(ksup.read_tensor(tensor, [descriptor]), b"\x01\x02\x03\x04")
            tensor.shape = (5,)
            with self.assertRaises(ksup.WireError):
                ksup.read_tensor(tensor, [descriptor])
        finally:
            os.close(descriptor)

    def test_what_is_no_sealed_memfd_is_refused(self):
        reading, writing = os.pipe()
        unsealed = ksup.make_memfd(b"data", seals=0)
        half = ksup.make_memfd(b"data", seals=ksup.F_SEAL_WRITE)
        for descriptor in (reading, unsealed, half):
            with self.assertRaises(ksup.WireError):
                packet = ksup.Packet(b"", [descriptor])
                ksup.check_descriptors(ksup.Header(1, 0, 0, 0, 0, 1), packet)
        for descriptor in (reading, writing, unsealed, half):
            os.close(descriptor)


class WorkerTest(unittest.TestCase):
    """The worker in a process of its own; this test is the daemon."""

    def setUp(self):
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(20)
        environment = dict(os.environ, KERNELSUP_CHANNEL=str(theirs.fileno()))
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), "--concurrency", "2"],
            pass_fds=[theirs.fileno()],
            env=environment,
            stderr=subprocess.PIPE,
        )
        theirs.close()

    def tearDown(self):
        self.channel.close()
        self.process.kill()
        self.process.communicate()

    def welcomed(self, heartbeat_ms=1000):
        self.assertEqual(ksup.receive(self.channel).data, ksup.hello(2))
        ksup.send(self.channel, ksup.Welcome(1, heartbeat_ms, 4, "python/scale/0").encode())
        packet = ksup.receive(self.channel)
        self.assertEqual(ksup.decode_header(packet.data).type, ksup.READY)

    def reply(self) -> ksup.Reply:
        while True:
            packet = ksup.receive(self.channel)
            head = ksup.decode_header(packet.data)
            if head.type == ksup.HEARTBEAT:
                continue
            ksup.check_descriptors(head, packet)
            reply = ksup.decode_reply(packet.data, head)
            for tensor in reply.tensors:
                tensor.data = ksup.read_tensor(tensor, packet.descriptors)
            packet.close()
            return reply

    def sleep(self, id: int, seconds: float) -> bytes:
        return ksup.Call(id, "python/sleep", [ksup.Tensor.of("seconds", "f64", seconds)]).encode()

    def test_a_call_is_answered_with_the_page_s_result(self):
        self.welcomed()
        call = CALLS["call-inline"]
        call = ksup.Call(7, call.kernel, call.tensors)
        ksup.send(self.channel, call.encode())
        reply = self.reply()
        reply.attempts, reply.queued, reply.executed = 1, 125_000, 40_000
        self.assertEqual(reply.encode(), dumps()["reply-result"])

    def test_large_tensors_come_and_go_as_memfds(self):
        self.welcomed()
        count = 100_000
        tensors = [
            ksup.Tensor.of("x", "f64", range(count), (count,)),
            ksup.Tensor.of("factor", "f64", 2),
        ]
        descriptors = ksup.place_tensors(tensors)
        self.assertEqual(len(descriptors), 1)
        call = ksup.Call(1, "python/scale", tensors, descriptor_count=1)
        ksup.send(self.channel, call.encode(), descriptors)
        os.close(descriptors[0])
        reply = self.reply()
        self.assertEqual(reply.descriptor_count, 1)
        (y,) = reply.tensors
        self.assertEqual(y.values(y.data), tuple(2.0 * index for index in range(count)))

    def test_a_cancel_ends_one_call_and_no_other(self):
        self.welcomed()
        ksup.send(self.channel, self.sleep(1, 600))
        ksup.send(self.channel, ksup.cancel(99))
        ksup.send(self.channel, ksup.cancel(1))
        reply = self.reply()
        self.assertEqual((reply.id, reply.outcome), (1, "cancelled"))
        ksup.send(self.channel, self.sleep(2, 0))
        reply = self.reply()
        self.assertEqual((reply.id, reply.outcome, reply.execution), (2, "result", "ran"))

    def test_heartbeats_come_while_a_call_runs(self):
        self.welcomed(heartbeat_ms=20)
        ksup.send(self.channel, self.sleep(1, 600))
        found = []
        while len(found) < 3:
            packet = ksup.receive(self.channel)
            head = ksup.decode_header(packet.data)
            self.assertEqual((head.type, head.id), (ksup.HEARTBEAT, 1))
            found.append(struct.unpack_from("<QQ", packet.data, 32))
        self.assertEqual([ended for _, ended in found], [0, 0, 0])
        self.assertEqual(sorted(found), found)

    def test_wrong_calls_are_refused_and_the_worker_goes_on(self):
        self.welcomed()
        x, factor = ksup.Tensor.of("x", "f64", [1, 2]), ksup.Tensor.of("factor", "f64", 2)
        past = ksup.Call(1, "python/scale", [x, factor], deadline=1)
        missing = ksup.Call(2, "python/scale", [x])
        wrong = ksup.Call(3, "python/scale", [x, ksup.Tensor.of("factor", "f32", 2)])
        unknown = ksup.Call(4, "python/none", [])
        broken = bytearray(ksup.Call(5, "python/scale", [x, factor]).encode())
        broken[112] = 200
        short = ksup.Call(
            6,
            "python/scale",
            [ksup.Tensor("x", "f64", (1000,), None, 0, 0), factor],
            descriptor_count=1,
        )
        expected = [
            (past.encode(), [], "deadline_exceeded"),
            (missing.encode(), [], "invalid_argument"),
            (wrong.encode(), [], "invalid_argument"),
            (unknown.encode(), [], "unknown_kernel"),
            (bytes(broken), [], "malformed_frame"),
            (short.encode(), [ksup.make_memfd(b"short")], "malformed_frame"),
        ]
        for id, (frame, descriptors, outcome) in enumerate(expected, 1):
            ksup.send(self.channel, frame, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            reply = self.reply()
            found = (reply.id, reply.outcome, reply.execution)
            self.assertEqual(found, (id, outcome, "not_run"), reply.message)
        ksup.send(self.channel, ksup.Call(7, "python/fail").encode())
        reply = self.reply()
        self.assertEqual((reply.outcome, reply.execution), ("kernel_failed", "ran_and_failed"))

    def test_a_shutdown_lets_a_call_end_and_exits_with_0(self):
        self.welcomed()
        ksup.send(self.channel, self.sleep(1, 0.2))
        ksup.send(self.channel, ksup.shutdown())
        self.assertEqual(self.reply().outcome, "result")
        self.assertEqual(self.process.wait(20), 0)

    def test_the_channel_s_end_ends_the_worker_in_mid_call(self):
        self.welcomed()
        ksup.send(self.channel, self.sleep(1, 600))
        self.channel.close()
        self.assertEqual(self.process.wait(20), 0)

    def test_a_refusal_exits_with_76(self):
        self.assertEqual(ksup.receive(self.channel).data, ksup.hello(2))
        ksup.send(self.channel, dumps()["refuse"])
        self.assertEqual(self.process.wait(20), 76)
        self.assertIn(b"only 1", self.process.stderr.read())

    def test_a_frame_that_is_not_for_a_worker_exits_with_76(self):
        self.welcomed()
        ksup.send(self.channel, ksup.hello(1))
        self.assertEqual(self.process.wait(20), 76)


class Echo:
    """Stands for the daemon: answers as the page says, and gives each call its arguments back.

    Calls of `test/wait` are answered when they are cancelled.
    """

    def __init__(self, path: str):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.bind(path)
        self.socket.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection: socket.socket):
        with connection:
            waiting: set[int] = set()
            while (packet := ksup.receive(connection)) is not None:
                try:
                    if reply := self.answer(packet, waiting):
                        ksup.send(connection, reply.encode(), packet.descriptors)
                except (BrokenPipeError, ConnectionResetError):
                    return
                finally:
                    packet.close()

    def answer(self, packet: ksup.Packet, waiting: set[int]) -> ksup.Reply | None:
        data = packet.data
        id = struct.unpack_from("<Q", data, 16)[0] if len(data) >= 24 else 0
        try:
            if packet.is_cut:
                raise ksup.WireError("the packet broke a limit")
            head = ksup.decode_header(data)
            if head.type == ksup.CANCEL:
                if id not in waiting:
                    return None
                waiting.remove(id)
                return ksup.Reply(id, "cancelled", "ran_and_failed")
            if head.type != ksup.CALL:
                raise ksup.WireError("not for a daemon")
            if id in waiting:
                raise ksup.WireError("the id is in flight")
            ksup.check_descriptors(head, packet)
            call = ksup.decode_call(data, head)
            for tensor in call.tensors:
                ksup.read_tensor(tensor, packet.descriptors)
        except ksup.WireError as error:
            packet.close()
            version = "is not spoken" in str(error)
            outcome = "unsupported_version" if version else "malformed_frame"
            return ksup.Reply(id, outcome, "not_run", message=str(error))
        if call.kernel == "test/wait":
            waiting.add(id)
            return None
        count = len(packet.descriptors)
        return ksup.Reply(id, attempts=1, tensors=call.tensors, descriptor_count=count)


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "calls.sock")
        self.echo = Echo(self.path)

    def tearDown(self):
        self.echo.socket.close()
        self.folder.cleanup()

    def client(self, *arguments: str) -> tuple[int, dict]:
        command = [sys.executable, str(HERE / "client.py"), self.path, *arguments]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        return run.returncode, json.loads(run.stdout) if run.stdout else {}

    def test_a_call_prints_its_outputs(self):
        for memfd in (False, True):
            arguments = ["a/b", "x=f64:[[1,2,3],[4,5,6]]", "s=i8:-3", "e=u8:[]"]
            code, reply = self.client("call", *arguments, *(["--memfd"] if memfd else []))
            expected = {
                "x": {"type": "f64", "shape": [2, 3], "values": [[1, 2, 3], [4, 5, 6]]},
                "s": {"type": "i8", "shape": [], "values": -3},
                "e": {"type": "u8", "shape": [0], "values": []},
            }
            for output in expected.values():
                output["memfd"] = memfd
            self.assertEqual((code, reply["outputs"]), (0, expected))

    def test_a_large_call_prints_a_digest(self):
        code, reply = self.client("call", "a/b", "x=f32:fill(0.5, 1000, 100)", "y=u32:range(9)")
        self.assertEqual(code, 0)
        self.assertEqual(reply["outputs"]["x"]["first"], [0.5] * 8)
        self.assertTrue(reply["outputs"]["x"]["memfd"])
        self.assertEqual(reply["outputs"]["y"]["values"], list(range(9)))

    def test_many_calls_are_counted(self):
        code, found = self.client("call", "a/b", "x=u8:7", "--count", "200", "--window", "16")
        self.assertEqual((code, found["outcomes"], found["same_outputs"]), (0, {"result": 200}, True))

    def test_a_cancel_ends_a_call(self):
        code, reply = self.client("call", "test/wait", "--cancel-after", "0.1")
        self.assertEqual((code, reply["outcome"]), (1, "cancelled"))

    def test_no_reply_and_no_daemon_have_codes_of_their_own(self):
        self.assertEqual(self.client("call", "test/wait", "--patience", "0.2"), (6, {}))
        self.assertEqual(self.client("call", "a/b", "x=q:1"), (64, {}))
        self.assertEqual(self.client("dance"), (64, {}))
        self.echo.socket.close()
        os.unlink(self.path)
        self.assertEqual(self.client("call", "a/b"), (7, {}))

    def test_hostile_modes_are_answered_and_the_connection_goes_on(self):
        for mode, ids in {
            "truncated": [1],
            "tiny": [0],
            "half-header": [1],
            "wrong-version": [1],
            "wrong-magic": [1],
            "wrong-type": [1],
            "lying-length": [1],
            "oversized": [1],
            "zero-id": [0],
            "many-tensors": [1],
            "bad-table": [1],
            "unexpected": [77],
            "unknown-cancel": [],
            "unsealed": [1],
            "half-sealed": [1],
            "short-memfd": [1],
            "pipe": [1],
            "extra-descriptors": [1],
            "missing-descriptors": [1],
            "too-many-descriptors": [1],
        }.items():
            code, found = self.client("hostile", mode, "a/b", "x=f64:[1,2,3]")
            version = mode == "wrong-version"
            outcome = "unsupported_version" if version else "malformed_frame"
            self.assertEqual([reply["id"] for reply in found["hostile"]], ids, mode)
            self.assertEqual({reply["outcome"] for reply in found["hostile"]} - {outcome}, set())
            self.assertEqual((code, found["connection"]), (0, "open"), mode)

    def test_garbage_gets_a_reply_a_packet(self):
        code, found = self.client("hostile", "garbage", "a/b")
        outcomes = {reply["outcome"] for reply in found["hostile"]}
        self.assertEqual((code, len(found["hostile"]), outcomes), (0, 100, {"malformed_frame"}))

    def test_modes_that_end_the_connection_end(self):
        self.assertEqual(self.client("hostile", "close", "test/wait")[0], 0)
        code, found = self.client("hostile", "never-read", "a/b", "x=u8:fill(1, 60000)")
        self.assertEqual((code, found["connection"]), (0, "blocked"))


class UsageTest(unittest.TestCase):
    def test_a_worker_without_a_channel_exits_with_64(self):
        environment = {k: v for k, v in os.environ.items() if k != "KERNELSUP_CHANNEL"}
        run = subprocess.run(
            [sys.executable, str(HERE / "worker.py")], env=environment, stderr=subprocess.PIPE
        )
        self.assertEqual(run.returncode, 64)
        self.assertIn(b"KERNELSUP_CHANNEL", run.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        PAGE = pathlib.Path(sys.argv.pop(1))
    unittest.main()

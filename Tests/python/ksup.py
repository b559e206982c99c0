"""The frames of docs/PROTOCOL.md in Python: what a client and a worker need, and no more.

Written from that page, with the standard library only (Python 3.11, Linux).
"""

from __future__ import annotations

import dataclasses
import errno
import fcntl
import mmap
import os
import socket
import struct
import time

MAGIC = b"KSUP"
VERSION = 1
HEADER_BYTES = 96
ENTRY_BYTES = 128
MAX_FRAME_BYTES = 98304
MAX_INLINE_BYTES = 65536
MAX_TENSORS = 64
MAX_RANK = 8
MAX_TENSOR_NAME_BYTES = 40
MAX_TENSOR_BYTES = 1 << 40
MAX_NAME_BYTES = 128
MAX_MESSAGE_BYTES = 8192
MAX_PROBE_MESSAGE_BYTES = 1024
MAX_DESCRIPTORS = 64
MAX_KERNELS = 256
MAX_ARGUMENTS = 128

CALL, REPLY, CANCEL = 1, 2, 3
HELLO, WELCOME, READY, HEARTBEAT, SHUTDOWN, REFUSE, PROBE, PROBED = range(16, 24)
TYPES = (CALL, REPLY, CANCEL, *range(HELLO, PROBED + 1))

IDEMPOTENT, NO_RETRY = 1, 2

# number: (name, struct's letter, bytes)
ELEMENTS = {
    1: ("u8", "B", 1),
    2: ("i8", "b", 1),
    3: ("u16", "H", 2),
    4: ("i16", "h", 2),
    5: ("u32", "I", 4),
    6: ("i32", "i", 4),
    7: ("u64", "Q", 8),
    8: ("i64", "q", 8),
    9: ("f16", "e", 2),
    10: ("f32", "f", 4),
    11: ("f64", "d", 8),
    12: ("bytes", "B", 1),
}
ELEMENT_NUMBERS = {name: number for number, (name, _, _) in ELEMENTS.items()}

OUTCOMES = (
    "result",
    "unknown_kernel",
    "invalid_argument",
    "malformed_frame",
    "unsupported_version",
    "deadline_exceeded",
    "cancelled",
    "overloaded",
    "unavailable",
    "worker_died",
    "worker_hung",
    "worker_misbehaved",
    "kernel_failed",
    "build_failed",
    "device_failed",
    "shutting_down",
    "connection_lost",  # never sent
    "circuit_open",
    "chain_refused",
    "poisoned",
)
PROBE_STATUSES = ("ok", "degraded", "failed", "busy")
EXECUTIONS = ("not_run", "ran", "ran_answer_lost", "ran_and_failed")

F_ADD_SEALS = 1033
F_GET_SEALS = 1034
F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE = 2, 4, 8
SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE


class WireError(Exception):
    """A frame or a descriptor is not what the page says."""


def now() -> int:
    """The clock of deadlines, in nanoseconds."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def padded(count: int) -> int:
    return (count + 7) & ~7


def text(value: bytes) -> str:
    try:
        decoded = value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WireError(f"a text is not UTF-8: {error}") from None
    if "\0" in decoded:
        raise WireError("a text holds a NUL")
    return decoded


def cut(value: str, limit: int) -> bytes:
    """UTF-8 of at most `limit` bytes, cut between characters, NULs replaced."""
    data = value.replace("\0", "\ufffd").encode("utf-8", "replace")
    return data[:limit].decode("utf-8", "ignore").encode("utf-8")


@dataclasses.dataclass
class Tensor:
    """A named tensor; its bytes are `data`, or lie in a descriptor of the same packet."""

    name: str
    type: str
    shape: tuple[int, ...]
    data: bytes | None = None
    descriptor: int = 0
    offset: int = 0

    @property
    def byte_count(self) -> int:
        total = ELEMENTS[ELEMENT_NUMBERS[self.type]][2]
        for size in self.shape:
            total *= size
        return total

    @staticmethod
    def of(name: str, type: str, values, shape=None) -> "Tensor":
        """A tensor with `values`: a number, a flat sequence with a shape, or nested lists."""
        if shape is None:
            shape, values = flatten(values)
        letter = ELEMENTS[ELEMENT_NUMBERS[type]][1]
        return Tensor(name, type, tuple(shape), struct.pack(f"<{len(values)}{letter}", *values))

    def values(self, data: bytes | memoryview) -> tuple:
        letter, size = ELEMENTS[ELEMENT_NUMBERS[self.type]][1:]
        return struct.unpack(f"<{len(data) // size}{letter}", data)


def flatten(values) -> tuple[tuple[int, ...], list]:
    """Shape and elements of nested lists."""
    if not isinstance(values, (list, tuple)):
        return (), [values]
    parts = [flatten(value) for value in values]
    shapes = {shape for shape, _ in parts}
    if len(shapes) > 1:
        raise ValueError("the rows of an array differ in length")
    inner = parts[0][0] if parts else ()
    return (len(values), *inner), [element for _, part in parts for element in part]


def nested(values, shape):
    """The nested lists of a shape; the element itself for a scalar."""
    if not shape:
        return values[0]
    step = len(values) // shape[0] if shape[0] else 0
    return [nested(values[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]


# ---------------------------------------------------------------------------------------- header


@dataclasses.dataclass
class Header:
    type: int
    length: int
    flags: int
    id: int
    tensor_count: int
    descriptor_count: int


def header(type: int, length: int, flags=0, id=0, tensors=0, descriptors=0, version=VERSION) -> bytes:
    return struct.pack("<4sHHIIQHHI", MAGIC, version, type, length, flags, id, tensors, descriptors, 0)


def decode_header(packet: bytes) -> Header:
    if len(packet) < 32:
        raise WireError(f"a packet of {len(packet)} bytes has no header")
    magic, version, type, length, flags, id, tensors, descriptors, _ = struct.unpack_from(
        "<4sHHIIQHHI", packet
    )
    if magic != MAGIC:
        raise WireError(f"the magic is {magic!r}")
    if version != VERSION:
        raise WireError(f"version {version} is not spoken here")
    if len(packet) < HEADER_BYTES:
        raise WireError(f"a packet of {len(packet)} bytes has no whole header")
    if type not in TYPES:
        raise WireError(f"type {type} is not known")
    if length != len(packet) or length > MAX_FRAME_BYTES:
        raise WireError(f"the header states {length} bytes, the packet has {len(packet)}")
    if tensors > MAX_TENSORS or descriptors > MAX_DESCRIPTORS:
        raise WireError(f"{tensors} tensors and {descriptors} descriptors are too many")
    lifelines = 1 if type == HELLO else 0
    if type not in (CALL, REPLY) and (tensors or descriptors > lifelines):
        raise WireError(f"a frame of type {type} carries {tensors} tensors, {descriptors} descriptors")
    return Header(type, length, flags, id, tensors, descriptors)


# --------------------------------------------------------------------------------------- tensors


def table(tensors: list[Tensor], start: int) -> bytes:
    """Tensor table and inline data that stand at `start` of their frame."""
    if len(tensors) > MAX_TENSORS:
        raise WireError(f"{len(tensors)} tensors are too many")
    place = start + ENTRY_BYTES * len(tensors)
    entries, data = b"", b""
    for tensor in tensors:
        name = tensor.name.encode("utf-8")
        inline = tensor.data is not None
        sizes = list(tensor.shape) + [0] * (MAX_RANK - len(tensor.shape))
        entries += struct.pack(
            "<BBBBHHQQ8Q40s",
            ELEMENT_NUMBERS[tensor.type],
            len(tensor.shape),
            0 if inline else 1,
            0 if inline else tensor.descriptor,
            len(name),
            0,
            place + len(data) if inline else tensor.offset,
            tensor.byte_count,
            *sizes,
            name,
        )
        if inline:
            if len(tensor.data) != tensor.byte_count:
                raise WireError(f"tensor {tensor.name}: {len(tensor.data)} bytes do not fit its shape")
            data += tensor.data + bytes(padded(len(tensor.data)) - len(tensor.data))
    if len(data) > MAX_INLINE_BYTES:
        raise WireError(f"{len(data)} bytes of inline data are too many")
    return entries + data


def decode_table(packet: bytes, start: int, head: Header) -> list[Tensor]:
    data_start = start + ENTRY_BYTES * head.tensor_count
    if data_start > len(packet):
        raise WireError("texts and tensor table do not fit into the frame")
    if len(packet) - data_start > MAX_INLINE_BYTES:
        raise WireError(f"{len(packet) - data_start} bytes of inline data are too many")
    tensors: list[Tensor] = []
    for index in range(head.tensor_count):
        fields = struct.unpack_from("<BBBBHHQQ8Q40s", packet, start + ENTRY_BYTES * index)
        type, rank, storage, descriptor, name_length, _, offset, byte_count = fields[:8]
        if type not in ELEMENTS or rank > MAX_RANK or storage > 1:
            raise WireError(f"tensor {index}: type {type}, rank {rank} or storage {storage}")
        if not 1 <= name_length <= MAX_TENSOR_NAME_BYTES:
            raise WireError(f"tensor {index}: a name of {name_length} bytes")
        name = text(fields[16][:name_length])
        if any(other.name == name for other in tensors):
            raise WireError(f"tensor {name} is given twice")
        tensor = Tensor(name, ELEMENTS[type][0], tuple(fields[8 : 8 + rank]))
        if tensor.byte_count != byte_count or byte_count > MAX_TENSOR_BYTES:
            raise WireError(f"tensor {name} states {byte_count} bytes, its shape {tensor.byte_count}")
        if offset % 8:
            raise WireError(f"tensor {name} starts at {offset}")
        if storage == 0:
            if offset < data_start or offset + byte_count > len(packet):
                raise WireError(f"tensor {name} lies outside the data")
            tensor.data = packet[offset : offset + byte_count]
        else:
            if descriptor >= head.descriptor_count or offset > MAX_TENSOR_BYTES:
                raise WireError(f"tensor {name}: descriptor {descriptor}, offset {offset}")
            tensor.descriptor, tensor.offset = descriptor, offset
        tensors.append(tensor)
    return tensors


# -------------------------------------------------------------------------------- calls, replies


@dataclasses.dataclass
class Call:
    id: int
    kernel: str
    tensors: list[Tensor] = dataclasses.field(default_factory=list)
    flags: int = 0
    deadline: int = 0
    attempt: int = 1
    trace: int = 0
    descriptor_count: int = 0
    parent: int = 0
    chain_depth: int = 0
    key: int = 0

    def encode(self) -> bytes:
        name = self.kernel.encode("utf-8")
        body = struct.pack(
            "<QQQQIHHQ16x",
            self.deadline,
            self.parent,
            self.trace & (1 << 64) - 1,
            self.trace >> 64,
            self.attempt,
            self.chain_depth,
            len(name),
            self.key,
        )
        body += name + bytes(padded(len(name)) - len(name))
        body += table(self.tensors, 32 + len(body))
        count = self.descriptor_count
        return header(CALL, 32 + len(body), self.flags, self.id, len(self.tensors), count) + body


def decode_call(packet: bytes, head: Header) -> Call:
    deadline, parent, low, high, attempt, depth, name_length, key = struct.unpack_from(
        "<QQQQIHHQ", packet, 32
    )
    if head.id == 0 or not 1 <= name_length <= MAX_NAME_BYTES:
        raise WireError(f"a call with id {head.id} and a name of {name_length} bytes")
    start = HEADER_BYTES + padded(name_length)
    tensors = decode_table(packet, start, head)
    kernel = text(packet[HEADER_BYTES : HEADER_BYTES + name_length])
    trace = high << 64 | low
    count = head.descriptor_count
    return Call(
        head.id, kernel, tensors, head.flags, deadline, attempt, trace, count, parent, depth, key
    )


@dataclasses.dataclass
class Reply:
    id: int
    outcome: str = "result"
    execution: str = "ran"
    degraded: bool = False
    attempts: int = 0
    retry_after: int = 0
    queued: int = 0
    executed: int = 0
    device: int = 0
    incarnation: int = 0
    worker: str = ""
    message: str = ""
    tensors: list[Tensor] = dataclasses.field(default_factory=list)
    descriptor_count: int = 0

    def encode(self) -> bytes:
        worker, message = cut(self.worker, MAX_NAME_BYTES), cut(self.message, MAX_MESSAGE_BYTES)
        body = struct.pack(
            "<HBBIQQQQQHH12x",
            OUTCOMES.index(self.outcome),
            EXECUTIONS.index(self.execution),
            int(self.degraded),
            self.attempts,
            self.retry_after,
            self.queued,
            self.executed,
            self.device,
            self.incarnation,
            len(worker),
            len(message),
        )
        for part in (worker, message):
            body += part + bytes(padded(len(part)) - len(part))
        body += table(self.tensors, 32 + len(body))
        count = self.descriptor_count
        return header(REPLY, 32 + len(body), 0, self.id, len(self.tensors), count) + body


def decode_reply(packet: bytes, head: Header) -> Reply:
    fields = struct.unpack_from("<HBBIQQQQQHH", packet, 32)
    outcome, execution, flags, attempts = fields[:4]
    worker_length, message_length = fields[9:]
    if outcome >= len(OUTCOMES) or execution >= len(EXECUTIONS):
        raise WireError(f"outcome {outcome} or execution {execution} is not known")
    if OUTCOMES[outcome] == "connection_lost":
        raise WireError("outcome connection_lost is never sent")
    if (outcome == 0) != (EXECUTIONS[execution] == "ran"):
        raise WireError(f"outcome {outcome} and execution {execution} contradict")
    if worker_length > MAX_NAME_BYTES or message_length > MAX_MESSAGE_BYTES:
        raise WireError(f"texts of {worker_length} and {message_length} bytes are too long")
    message_start = HEADER_BYTES + padded(worker_length)
    tensors = decode_table(packet, message_start + padded(message_length), head)
    return Reply(
        head.id,
        OUTCOMES[outcome],
        EXECUTIONS[execution],
        bool(flags & 1),
        attempts,
        *fields[4:9],
        text(packet[HEADER_BYTES : HEADER_BYTES + worker_length]),
        text(packet[message_start : message_start + message_length]),
        tensors,
        head.descriptor_count,
    )


# ------------------------------------------------------------------------------ the other frames


def cancel(id: int) -> bytes:
    return header(CANCEL, HEADER_BYTES, id=id) + bytes(64)


def shutdown() -> bytes:
    return header(SHUTDOWN, HEADER_BYTES) + bytes(64)


def hello(concurrency: int, minimum=VERSION, maximum=VERSION, lifelines=0) -> bytes:
    head = header(HELLO, HEADER_BYTES, descriptors=lifelines)
    return head + struct.pack("<HHI56x", minimum, maximum, concurrency)


def heartbeat(running: int, progress: int, ended: int) -> bytes:
    return header(HEARTBEAT, HEADER_BYTES, id=running) + struct.pack("<QQ48x", progress, ended)


@dataclasses.dataclass
class Welcome:
    version: int
    heartbeat_ms: int
    incarnation: int
    worker: str

    def encode(self) -> bytes:
        worker = cut(self.worker, MAX_NAME_BYTES)
        fields = (self.version, 0, self.heartbeat_ms, self.incarnation, len(worker))
        body = struct.pack("<HHIQ32xH14x", *fields) + worker
        return header(WELCOME, 32 + len(body)) + body


def decode_welcome(packet: bytes) -> Welcome:
    version, _, heartbeat_ms, incarnation, length = struct.unpack_from("<HHIQ32xH", packet, 32)
    if HEADER_BYTES + length > len(packet) or length > MAX_NAME_BYTES or heartbeat_ms == 0:
        raise WireError("a welcome that does not hold what it says")
    worker = text(packet[HEADER_BYTES : HEADER_BYTES + length])
    return Welcome(version, heartbeat_ms, incarnation, worker)


def refuse(message: str) -> bytes:
    data = cut(message, MAX_MESSAGE_BYTES)
    body = struct.pack("<50xH12x", len(data)) + data
    return header(REFUSE, 32 + len(body)) + body


def decode_refuse(packet: bytes) -> str:
    (length,) = struct.unpack_from("<H", packet, 82)
    if HEADER_BYTES + length > len(packet) or length > MAX_MESSAGE_BYTES:
        raise WireError("a refusal that does not hold what it says")
    return text(packet[HEADER_BYTES : HEADER_BYTES + length])


def probe(number: int, kernel="") -> bytes:
    name = kernel.encode("utf-8")
    body = struct.pack("<H62x", len(name)) + name + bytes(padded(len(name)) - len(name))
    return header(PROBE, 32 + len(body), id=number) + body


def decode_probe(packet: bytes) -> str:
    """The kernel that a probe asks about; its number is in the header."""
    (length,) = struct.unpack_from("<H", packet, 32)
    if HEADER_BYTES + padded(length) > len(packet) or length > MAX_NAME_BYTES:
        raise WireError("a probe that does not hold what it says")
    return text(packet[HEADER_BYTES : HEADER_BYTES + length])


def probed(number: int, status: str, message="") -> bytes:
    data = cut(message, MAX_PROBE_MESSAGE_BYTES)
    body = struct.pack("<HH60x", PROBE_STATUSES.index(status), len(data))
    body += data + bytes(padded(len(data)) - len(data))
    return header(PROBED, 32 + len(body), id=number) + body


def decode_probed(packet: bytes) -> tuple[str, str]:
    """Status and message of the answer to a probe."""
    status, length = struct.unpack_from("<HH", packet, 32)
    if status >= len(PROBE_STATUSES):
        raise WireError(f"status {status} is not known")
    if HEADER_BYTES + padded(length) > len(packet) or length > MAX_PROBE_MESSAGE_BYTES:
        raise WireError("an answer to a probe that does not hold what it says")
    return PROBE_STATUSES[status], text(packet[HEADER_BYTES : HEADER_BYTES + length])


@dataclasses.dataclass
class Argument:
    name: str
    type: str
    sizes: tuple[str, ...] = ()
    output: bool = False
    default: str | None = None
    range: str = ""
    documentation: str = ""


@dataclasses.dataclass
class Signature:
    name: str
    summary: str
    arguments: list[Argument]
    idempotent: bool = False
    problem: str = ""


def ready(device: str, kernels: list[Signature]) -> bytes:
    def part(value: str, limit=MAX_MESSAGE_BYTES) -> bytes:
        data = cut(value, limit)
        return struct.pack("<H", len(data)) + data

    body = struct.pack("<H62x", len(kernels)) + part(device)
    for kernel in kernels:
        body += part(kernel.name, MAX_NAME_BYTES) + part(kernel.summary) + part(kernel.problem)
        body += struct.pack("<BB", int(kernel.idempotent), len(kernel.arguments))
        for argument in kernel.arguments:
            has_default = argument.default is not None
            body += part(argument.name, MAX_TENSOR_NAME_BYTES)
            body += struct.pack(
                "<BBBB",
                int(argument.output),
                ELEMENT_NUMBERS[argument.type],
                int(has_default),
                len(argument.sizes),
            )
            body += b"".join(part(size) for size in argument.sizes)
            body += part(argument.default or "") + part(argument.range)
            body += part(argument.documentation)
    if 32 + len(body) > MAX_FRAME_BYTES:
        raise WireError("the signatures do not fit into a frame")
    return header(READY, 32 + len(body)) + body


# ------------------------------------------------------------------------- sockets and descriptors


@dataclasses.dataclass
class Packet:
    """One packet that came. Whoever takes it closes its descriptors."""

    data: bytes
    descriptors: list[int]
    is_cut: bool = False

    def close(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = []


def send(channel: socket.socket, frame: bytes, descriptors=()) -> None:
    control = []
    if descriptors:
        rights = struct.pack(f"{len(descriptors)}i", *descriptors)
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
    channel.sendmsg([frame], control, socket.MSG_NOSIGNAL)


def receive(channel: socket.socket) -> Packet | None:
    """The next packet; None at the end of the connection."""
    try:
        data, control, flags, _ = channel.recvmsg(
            MAX_FRAME_BYTES, socket.CMSG_SPACE(4 * MAX_DESCRIPTORS), socket.MSG_CMSG_CLOEXEC
        )
    except ConnectionResetError:
        return None
    descriptors: list[int] = []
    for level, type, rights in control:
        if level == socket.SOL_SOCKET and type == socket.SCM_RIGHTS:
            count = len(rights) // 4
            descriptors += struct.unpack(f"{count}i", rights[: 4 * count])
    if not data and not descriptors:
        return None
    return Packet(data, descriptors, bool(flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC)))


def check_descriptors(head: Header, packet: Packet) -> None:
    """As many as stated, each a memfd that nobody can change any more."""
    if len(packet.descriptors) != head.descriptor_count:
        raise WireError(
            f"{head.descriptor_count} descriptors are stated, {len(packet.descriptors)} came"
        )
    for index, descriptor in enumerate(packet.descriptors):
        try:
            seals = fcntl.fcntl(descriptor, F_GET_SEALS)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise WireError(f"descriptor {index} is no memfd") from None
        if seals & SEALS != SEALS:
            raise WireError(f"descriptor {index} lacks seals: it has {seals}")


def make_memfd(data: bytes, name="tensor", seals=SEALS) -> int:
    """A memfd with `data`; sealed unless `seals` is 0. The caller closes it."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        if seals:
            fcntl.fcntl(descriptor, F_ADD_SEALS, seals)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def read_tensor(tensor: Tensor, descriptors: list[int]) -> bytes:
    """The tensor's bytes, wherever they are."""
    if tensor.data is not None:
        return tensor.data
    if tensor.byte_count == 0:
        return b""
    descriptor = descriptors[tensor.descriptor]
    size = os.fstat(descriptor).st_size
    if tensor.offset + tensor.byte_count > size:
        raise WireError(
            f"tensor {tensor.name} ends at byte {tensor.offset + tensor.byte_count} of a memfd "
            f"of {size}"
        )
    skipped = tensor.offset % mmap.ALLOCATIONGRANULARITY
    with mmap.mmap(
        descriptor,
        skipped + tensor.byte_count,
        flags=mmap.MAP_PRIVATE,
        prot=mmap.PROT_READ,
        offset=tensor.offset - skipped,
    ) as mapping:
        return mapping[skipped : skipped + tensor.byte_count]


def place_tensors(tensors: list[Tensor], all_in_memfds=False) -> list[int]:
    """Moves the tensors that do not fit into the frame, or all, into memfds of their own.

    Returns the descriptors to send along; the caller closes them afterwards.
    """
    descriptors: list[int] = []
    room = MAX_INLINE_BYTES
    for tensor in tensors:
        if tensor.data is None:
            continue
        needed = padded(len(tensor.data))
        if not all_in_memfds and needed <= room:
            room -= needed
            continue
        tensor.descriptor, tensor.offset = len(descriptors), 0
        descriptors.append(make_memfd(tensor.data))
        tensor.data = None
    return descriptors

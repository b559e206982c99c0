#!/usr/bin/python3
"""Supervising processes: kernelsupd beside a bare C supervisor and what this machine has of others.

    supervision.py FLOOR PROGRAMS [--rounds N] [--children N] [--rest S] [--idle S] [--only NAME,…]

FLOOR holds the built `child` and `supervisor`, PROGRAMS the release programs of kernelsupd. Every
supervisor gets the same trivial child; docs/BENCHMARKS.md says what each row means.
"""
import argparse
import fcntl
import os
import pathlib
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from common import Missing, configure, now, short

MAIN, READY, FLOODED = 1, 2, 3
FLOOD_MIB = 128
FLOOD_TIMEOUT = 60
# s6 and runit hold a child back that lived for less than a second.
SETTLED = 1.2


class Reports:
    """What the children write to the named pipe."""

    RECORD = struct.Struct("=IIQQ")

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        # Also for writing: the pipe then has no end, whatever the children do.
        self.file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(self.file, fcntl.F_SETPIPE_SZ, 1 << 20)

    def close(self):
        os.close(self.file)

    def drain(self):
        while self.read():
            pass

    def read(self):
        try:
            # A multiple of a record: none is ever cut.
            data = os.read(self.file, self.RECORD.size * 2048)
        except BlockingIOError:
            return []
        return list(self.RECORD.iter_unpack(data))

    def wait(self, what, count, timeout):
        """The first report of this kind of `count` children: {index: (pid, nanoseconds)}."""
        found = {}
        deadline = now() + timeout
        while len(found) < count:
            left = deadline - now()
            if left <= 0:
                raise Missing(f"{len(found)} of {count} after {timeout} s")
            select.select([self.file], [], [], left)
            for index, kind, pid, at in self.read():
                if kind == what:
                    found[index] = (pid, at)
        return found


class Supervisor:
    """How one supervisor is given `count` children."""

    name = ""
    program = ""
    # What counts as started: main() was entered, or the hands are shaken.
    started = MAIN

    def __init__(self, context):
        self.context = context

    @classmethod
    def is_here(cls, context):
        return shutil.which(cls.program) is not None

    def argument(self, index, mebibytes):
        flood = f":{mebibytes}" if mebibytes else ""
        return f"{self.context.reports.path}:{index}{flood}"

    def command(self, directory, count, mebibytes):
        raise NotImplementedError

    def environment(self):
        return {}


class Floor(Supervisor):
    name = "bare C"

    @classmethod
    def is_here(cls, context):
        return True

    def command(self, directory, count, mebibytes):
        suffix = [f":{mebibytes}"] if mebibytes else []
        reports = self.context.reports.path
        return [self.context.floor / "supervisor", count, self.context.child, reports] + suffix


class Kernelsupd(Supervisor):
    name = "kernelsupd"
    started = READY

    @classmethod
    def is_here(cls, context):
        return True

    def command(self, directory, count, mebibytes):
        programs = self.context.programs
        command = configure(programs, directory, "500ms", daemon="max_starting = 0")
        for index in range(count):
            (directory / f"kernels.d/{index}.toml").write_text(
                f"""
                [kernel]
                name = "bench/{index}"
                command = ["{self.context.child}", "{self.argument(index, mebibytes)}"]
                """
            )
        return command


class Runit(Supervisor):
    """A directory for each child; its run script is the child itself, with no shell before it."""

    name = "runit"
    program = "runsvdir"
    log = "#!/usr/bin/svlogd .\n"

    def service(self, path, index, mebibytes):
        path.mkdir(parents=True)
        self.write(path / "run", f"#!{self.context.child} {self.argument(index, mebibytes)}\n")
        if mebibytes:
            (path / "log").mkdir()
            self.write(path / "log/run", self.log.format(directory=path / "log"))

    @staticmethod
    def write(path, text):
        path.write_text(text)
        path.chmod(0o755)

    def command(self, directory, count, mebibytes):
        for index in range(count):
            self.service(directory / f"scan/{index}", index, mebibytes)
        return [self.program, directory / "scan"]

    def environment(self):
        return {"FLOOD_STDOUT": "1"}


class S6(Runit):
    """With notification of readiness, without which it holds every restart back for a second."""

    name = "s6"
    program = "s6-svscan"
    log = "#!/bin/sh\nexec s6-log n20 s16000000 {directory}\n"

    def service(self, path, index, mebibytes):
        super().service(path, index, mebibytes)
        (path / "notification-fd").write_text("3\n")

    def environment(self):
        return super().environment() | {"NOTIFY_FD": "3"}

    def command(self, directory, count, mebibytes):
        super().command(directory, count, mebibytes)
        return [self.program, "-c", max(500, 2 * count), directory / "scan"]


class Dinit(Supervisor):
    name = "dinit"
    program = "dinit"

    def command(self, directory, count, mebibytes):
        services = directory / "services"
        services.mkdir()
        log = f"logfile = {directory}/log\n" if mebibytes else ""
        for index in range(count):
            argument = self.argument(index, mebibytes)
            (services / f"child{index}").write_text(
                f"type = process\ncommand = {self.context.child} {argument}\n"
                f"restart = yes\nrestart-delay = 0\nrestart-limit-count = 0\n{log}"
            )
        names = "".join(f"waits-for = child{index}\n" for index in range(count))
        (services / "boot").write_text(f"type = internal\n{names}")
        return ["dinit", "--user", "--quiet", "-d", services, "-p", directory / "socket"]


class Supervisord(Supervisor):
    name = "supervisord"
    program = "supervisord"

    def command(self, directory, count, mebibytes):
        programs = "".join(
            f"[program:child{index}]\n"
            f"command={self.context.child} {self.argument(index, mebibytes)}\n"
            f"autorestart=true\nstartsecs=0\nstartretries=1000000\n"
            f"stdout_logfile=NONE\n"
            + (f"stderr_logfile={directory}/err{index}\n" if mebibytes else "stderr_logfile=NONE\n")
            for index in range(count)
        )
        (directory / "conf").write_text(
            f"[supervisord]\nnodaemon=true\nminfds=16384\nlogfile={directory}/log\n"
            f"pidfile={directory}/pid\nuser=root\n{programs}"
        )
        return ["supervisord", "-c", directory / "conf"]


class Processes:
    """The process table, once: who descends from whom, and who is a child of the benchmark."""

    def __init__(self, child):
        self.child = str(child)
        self.parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    text = pathlib.Path(f"/proc/{entry}/stat").read_text()
                    self.parents[int(entry)] = int(text.rsplit(")", 1)[1].split()[1])
                except OSError:
                    pass

    def is_child(self, pid):
        try:
            return os.readlink(f"/proc/{pid}/exe") == self.child
        except OSError:
            return False

    def children(self):
        """Those that live, zombies left out, whoever their parent is."""
        return [pid for pid in self.parents if self.is_child(pid)]

    def supervisors(self, root):
        """The supervisor with its helpers."""
        found, rest = [], [root]
        while rest:
            pid = rest.pop()
            found.append(pid)
            rest += [child for child, parent in self.parents.items() if parent == pid]
        return [pid for pid in found if not self.is_child(pid)]


class Running:
    """A supervisor with its children, until the end of the `with`."""

    def __init__(self, supervisor, count, mebibytes=0):
        self.supervisor = supervisor
        self.context = supervisor.context
        self.count = count
        self.directory = pathlib.Path(tempfile.mkdtemp(dir=self.context.directory))
        self.arguments = supervisor.command(self.directory, count, mebibytes)

    def __enter__(self):
        self.context.reports.drain()
        self.began = time.monotonic_ns()
        with open(self.directory / "stderr", "wb") as errors:
            self.process = subprocess.Popen(
                [str(argument) for argument in self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                env=os.environ | self.supervisor.environment(),
                start_new_session=True,
            )
        return self

    def __exit__(self, *_):
        table = Processes(self.context.child)
        mine = table.supervisors(self.process.pid)
        for pid in mine + table.children():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        deadline = now() + 60
        while Processes(self.context.child).children() and now() < deadline:
            time.sleep(0.01)
        shutil.rmtree(self.directory, ignore_errors=True)

    def wait(self, what, count=None, timeout=120):
        try:
            return self.context.reports.wait(what, count or self.count, timeout)
        except Missing as missing:
            errors = (self.directory / "stderr").read_text(errors="replace").splitlines()
            raise Missing(f"{missing}; {errors[-1] if errors else 'it says nothing'}") from None

    def all_started(self, since):
        """Seconds until the last child was there."""
        kind = self.supervisor.started
        return (max(at for _, at in self.wait(kind).values()) - since) / 1e9

    def supervisors(self):
        return Processes(self.context.child).supervisors(self.process.pid)


def crash_to_main(supervisor, count, kills):
    """Milliseconds from SIGKILL to main() of the next incarnation."""
    with Running(supervisor, count) as running:
        pids = {index: pid for index, (pid, _) in running.wait(MAIN).items()}
        if supervisor.started == READY:
            time.sleep(0.1)
        born = now()
        times = []
        for kill in range(kills):
            index = kill % count
            if kill < count or count == 1:
                time.sleep(max(0, SETTLED - (now() - born)))
            running.context.reports.drain()
            killed = time.monotonic_ns()
            os.kill(pids[index], signal.SIGKILL)
            ((index, (pid, at)),) = running.wait(MAIN, 1, 20).items()
            pids[index] = pid
            if count == 1:
                born = now()
            times.append((at - killed) / 1e6)
        return times


def thousand(supervisor, context, is_last):
    """Start, mass death, memory: one supervisor with all the children; in the last round idle time."""
    figures = {}
    with Running(supervisor, context.children) as running:
        figures["start"] = running.all_started(running.began)
        figures["start_time"] = processor_time(running.supervisors()) / 1e9
        time.sleep(SETTLED)
        running.context.reports.drain()
        before = processor_time(running.supervisors())
        pids = Processes(context.child).children()
        killed = time.monotonic_ns()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        figures["back"] = running.all_started(killed)
        figures["back_time"] = (processor_time(running.supervisors()) - before) / 1e9
        time.sleep(2)
        supervisors = running.supervisors()
        figures["resident"] = resident(supervisors)
        figures["anonymous"] = sum(mebibytes("status", "RssAnon", pid) for pid in supervisors)
        if not is_last:
            return figures
        time.sleep(context.rest)
        before, began = processor_time(supervisors), now()
        time.sleep(context.idle)
        spent = processor_time(supervisors) - before
        figures["idle"] = 100 * spent / 1e9 / (now() - began)
    return figures


def resident(pids):
    """Of the first all that is resident; of its helpers a fair share: they have one code."""
    shares = (mebibytes("smaps_rollup", "Pss", pid) for pid in pids[1:])
    return mebibytes("status", "VmRSS", pids[0]) + sum(shares)


def mebibytes(file, key, pid):
    for line in pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def processor_time(pids):
    """Nanoseconds on a processor, of all threads."""
    paths = [path for pid in pids for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(path.read_text().split()[0]) for path in paths)


def flood(supervisor):
    """MiB of log lines that one child gets rid of in a second."""
    with Running(supervisor, 1, FLOOD_MIB) as running:
        ((_, began),) = running.wait(MAIN).values()
        ((_, ended),) = running.wait(FLOODED, timeout=FLOOD_TIMEOUT).values()
        return FLOOD_MIB / ((ended - began) / 1e9)


def survivors(supervisor):
    """Of ten children, those that live a second after their supervisor was killed."""
    with Running(supervisor, 10) as running:
        running.wait(supervisor.started)
        helpers = running.supervisors()
        os.kill(running.process.pid, signal.SIGKILL)
        time.sleep(1)
        alive = len(Processes(running.context.child).children())
        for pid in helpers[1:]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return alive


ROWS = [
    ("crash → main(), one child, p50 ms", "one", "≤ 2.5"),
    ("the same with 100 children, p50 ms", "hundred", "≤ 2.5"),
    ("{children} started, s", "start", "≤ 2 × dinit"),
    ("its processor time for that, s", "start_time", ""),
    ("{children} killed → all back, s", "back", "≤ 2 × dinit"),
    ("its processor time for that, s", "back_time", ""),
    ("resident at {children}, MiB", "resident", "≤ 18"),
    ("of it anonymous, MiB", "anonymous", "≤ 8"),
    ("idle at {children}, % of a core", "idle", "≤ 0.02"),
    ("log flood, MiB/s", "flood", "≥ 100"),
    ("alive of 10 after SIGKILL of the supervisor", "survivors", "0"),
]


def measure(supervisor, context, is_last):
    """All rows of one supervisor; a row that it fails is told on stderr and left out."""
    figures = {}

    def row(title, body):
        try:
            figures.update(body())
        except Missing as missing:
            print(f"{supervisor.name}, {title}: {missing}", file=sys.stderr)

    row("one", lambda: {"one": crash_to_main(supervisor, 1, context.kills)})
    row("hundred", lambda: {"hundred": crash_to_main(supervisor, 100, 4 * context.kills)})
    row("many", lambda: thousand(supervisor, context, is_last))
    row("flood", lambda: {"flood": flood(supervisor)})
    row("survivors", lambda: {"survivors": survivors(supervisor)})
    return figures


def table(results, missing, context):
    names = list(results)
    print("| |" + "".join(f" {name} |" for name in names + missing) + " target |")
    print("|---|" + "---:|" * (len(names) + len(missing)) + "---:|")
    for title, key, target in ROWS:
        cells = []
        for name in names:
            values = [figures[key] for figures in results[name] if key in figures]
            if values and isinstance(values[0], list):
                values = [time for times in values for time in times]
            cells.append(short(statistics.median(values)) if values else "failed")
        cells += ["missing"] * len(missing)
        title = title.format(children=f"{context.children:,}")
        print(f"| {title} |" + "".join(f" {cell} |" for cell in cells) + f" {target} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("floor", type=pathlib.Path)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--children", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--rest", type=float, default=70)
    parser.add_argument("--idle", type=float, default=60)
    parser.add_argument("--only", help="names, with commas between them")
    context = parser.parse_args()
    kinds = [Floor, Kernelsupd, Dinit, S6, Runit, Supervisord]
    if context.only:
        kinds = [kind for kind in kinds if kind.name in context.only.split(",")]
    with tempfile.TemporaryDirectory(prefix="kernelsupd-supervision.") as directory:
        context.directory = directory
        # A copy, so that a process of the benchmark is known by its program.
        context.child = pathlib.Path(shutil.copy(context.floor / "child", directory))
        context.reports = Reports(f"{directory}/reports")
        here = [kind(context) for kind in kinds if kind.is_here(context)]
        missing = [kind.name for kind in kinds if not kind.is_here(context)]
        results = {supervisor.name: [] for supervisor in here}
        for round in range(context.rounds):
            for supervisor in here:
                print(f"round {round + 1}: {supervisor.name}", file=sys.stderr)
                is_last = round + 1 == context.rounds
                results[supervisor.name].append(measure(supervisor, context, is_last))
        context.reports.close()
        table(results, missing, context)


if __name__ == "__main__":
    main()

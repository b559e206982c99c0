#!/usr/bin/python3
"""After SIGKILL of a worker: when the next good answer is there, and when the error.

    recovery.py FLOOR PROGRAMS [--kills N] [--calls N] [--only NAME] [--real-time]

FLOOR holds the built `worker`, PROGRAMS the release programs of kernelsupd. docs/BENCHMARKS.md says
what each row means.
"""
import argparse
import dataclasses
import os
import pathlib
import signal
import statistics
import sys
import tempfile

from common import Missing, short
from served import Client, Daemon, StockWorker, TrivialWorker, alone, ksup, stop

# Calls at once after a kill, while the slot is filled again.
CALLS_AFTER = 50


@dataclasses.dataclass
class Scenario:
    """Who is there when a worker is killed, and what its caller may expect."""

    key: str
    replicas: int
    standbys: int = 0
    # The call is with the worker; otherwise it is sent behind the SIGKILL.
    in_flight: bool = True
    idempotent: bool = True
    # Beside each kill, the worker is started without a daemon.
    starts_alone: bool = False


SCENARIOS = [
    Scenario("replica", replicas=2),
    Scenario("replica, idle", replicas=2, in_flight=False),
    Scenario("standby", replicas=1, standbys=1),
    Scenario("standby, idle", replicas=1, standbys=1, in_flight=False),
    Scenario("cold", replicas=1, starts_alone=True),
    Scenario("error", replicas=2, idempotent=False),
]


def put_in_flight(daemon, client, flags):
    """Sends a call that its worker has and does not answer; returns the worker's process.

    All workers are stopped, so that the call stays where it goes; the others then go on.
    """
    pids = [slot["pid"] for slot in daemon.slots() if slot["role"] == "active"]
    for pid in pids:
        stop(pid)
    client.send(flags)
    slots = daemon.wait("in flight", lambda slots: any(has_call(slot) for slot in slots))
    (victim,) = [slot["pid"] for slot in slots if has_call(slot)]
    for pid in pids:
        if pid != victim:
            os.kill(pid, signal.SIGCONT)
    # The daemon hears of children that stop and go on, and looks: not while the time runs.
    for _ in range(3):
        daemon.slots()
    return victim


def has_call(slot):
    return slot["running_for_s"] is not None


def gets_next(daemon, replies):
    """The process that gets the next call: they take turns, or there is but one."""
    incarnation = replies[-2].incarnation
    (victim,) = [slot["pid"] for slot in daemon.slots() if slot["incarnation"] == incarnation]
    return victim


class Measurement:
    """What one scenario came to, kill by kill, in milliseconds."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.plain, self.answers, self.more, self.starts = [], [], [], []
        # To the end of the process, and from there to the reply.
        self.deaths, self.after = [], []
        self.idempotent_calls = self.failed = 0

    def count(self, client, replies):
        self.idempotent_calls += len(replies)
        for reply in replies:
            if not client.is_good(reply):
                self.failed += 1
                print(f"failed: {reply.outcome}: {reply.message}", file=sys.stderr)

    def kill(self, daemon, client, worker, calls):
        scenario = self.scenario
        times, replies = client.calls(calls)
        self.count(client, replies)
        flags = ksup.IDEMPOTENT if scenario.idempotent else 0
        if scenario.in_flight:
            victim = put_in_flight(daemon, client, flags)
        else:
            victim = gets_next(daemon, replies)
        answer, death, reply = client.kill(victim, sends=not scenario.in_flight)
        if scenario.idempotent:
            self.count(client, [reply])
        elif (reply.outcome, reply.execution) != ("worker_died", "ran_answer_lost"):
            raise Missing(f"the reply is {reply.outcome}, {reply.execution}: {reply.message}")
        self.plain += times
        self.answers.append(answer)
        self.more.append(answer - statistics.median(times))
        if death is not None:
            self.deaths.append(death)
            self.after.append(answer - death)
        self.count(client, client.calls(CALLS_AFTER)[1])
        slots = daemon.settle(gone=[victim])
        if scenario.starts_alone:
            self.starts.append(alone(slots[0]["pid"], worker))


def measure(context, worker, scenario):
    measurement = Measurement(scenario)
    with Daemon(context, worker, scenario.replicas, scenario.standbys) as daemon:
        daemon.replace()
        client = Client(daemon, worker)
        client.calls(context.calls)
        for _ in range(context.kills):
            measurement.kill(daemon, client, worker, context.calls)
        client.close()
    return measurement


def figures(measurements):
    """Of one worker: by row, a list of milliseconds, or a text that is shown as it is."""
    rows = {"death": [time for each in measurements.values() for time in each.deaths]}
    for key, measurement in measurements.items():
        rows[key] = measurement.answers
        rows[f"{key}, plain"] = measurement.plain
        rows[f"{key}, more"] = measurement.more
        # Nobody waits for the end of a process whose channel is gone.
        came_first = bool(measurement.answers) and not measurement.after
        rows[f"{key}, after"] = "before it" if came_first else measurement.after
    if "cold" in measurements:
        cold = measurements["cold"]
        hello, ready, answered = zip(*cold.starts)
        rows["hello"] = hello
        rows["ready"] = [until - since for since, until in zip(hello, ready)]
        rows["first"] = [until - since for since, until in zip(ready, answered)]
        rows["alone"] = answered
        rows["cold, ratio"] = [whole / part for whole, part in zip(cold.answers, answered)]
    failed = sum(each.failed for each in measurements.values())
    calls = sum(each.idempotent_calls for each in measurements.values())
    rows["failed"] = f"{failed} of {calls:,}"
    return rows


ROWS = [
    ("a plain call, 2 replicas", "replica, plain", ""),
    ("SIGKILL → the process is gone", "death", ""),
    ("replica: → answer of the call in flight", "replica", ""),
    ("more than a plain call", "replica, more", "≤ 1"),
    ("from the end of the process on", "replica, after", ""),
    ("replica: → answer of the next call", "replica, idle", ""),
    ("more than a plain call", "replica, idle, more", "≤ 1"),
    ("standby: → answer of the call in flight", "standby", "≤ 5"),
    ("standby: → answer of the next call", "standby, idle", "≤ 5"),
    ("cold: → answer of the call in flight", "cold", ""),
    ("the worker alone: spawn → HELLO", "hello", ""),
    ("HELLO → READY", "ready", ""),
    ("READY → answer of a first call", "first", ""),
    ("all of it", "alone", ""),
    ("cold against all of it", "cold, ratio", "≤ 1.2 (OpenCL)"),
    ("not idempotent: → error of the call in flight", "error", ""),
    ("from the end of the process on", "error, after", "≤ 10"),
    ("idempotent calls that failed", "failed", "0"),
]


def table(results):
    print("| ms |" + "".join(f" {name}, p50 | max |" for name in results) + " target |")
    print("|---|" + "---:|" * (2 * len(results) + 1))
    for title, key, target in ROWS:
        cells = []
        for rows in results.values():
            values = rows.get(key) or "missing"
            if isinstance(values, str):
                cells += [values, ""]
            else:
                cells += [short(statistics.median(values)), short(max(values))]
        print(f"| {title} |" + "".join(f" {cell} |" for cell in cells) + f" {target} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("floor", type=pathlib.Path)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--only", help=f"{TrivialWorker.name} or {StockWorker.name}")
    parser.add_argument("--real-time", action="store_true")
    context = parser.parse_args()
    if context.real_time:
        try:
            # For all that is started from here on, too.
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        except PermissionError as error:
            parser.error(f"--real-time: sched_setscheduler: {error.strerror}")
    kinds = [kind for kind in (TrivialWorker, StockWorker) if context.only in (None, kind.name)]
    results = {}
    with tempfile.TemporaryDirectory(prefix="kernelsupd-recovery.") as directory:
        context.directory = directory
        for kind in kinds:
            worker = kind(context)
            measurements = {}
            for scenario in SCENARIOS:
                print(f"{worker.name}: {scenario.key}", file=sys.stderr)
                try:
                    measurements[scenario.key] = measure(context, worker, scenario)
                except Missing as missing:
                    print(f"{worker.name}, {scenario.key}: {missing}", file=sys.stderr)
            results[worker.name] = figures(measurements)
    table(results)


if __name__ == "__main__":
    main()

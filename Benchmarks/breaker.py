#!/usr/bin/python3
"""For scale: what a call through the circuit breaker of Debian's python3-circuitbreaker costs."""
import time

try:
    from circuitbreaker import CircuitBreaker, CircuitBreakerError
except ImportError:
    raise SystemExit("python3-circuitbreaker is not installed: no figure of it")


def best(count, body):
    times = []
    for _ in range(5):
        start = time.perf_counter_ns()
        for _ in range(count):
            body()
        times.append((time.perf_counter_ns() - start) / count)
    return min(times)


def work():
    pass


def fail():
    raise ValueError


breaker = CircuitBreaker(failure_threshold=5, recovery_timeout=1000, name="bench")
plain = best(100_000, work)
closed = best(100_000, lambda: breaker.call(work)) - plain
for _ in range(5):
    try:
        breaker.call(fail)
    except ValueError:
        pass


def refused():
    try:
        breaker.call(work)
    except CircuitBreakerError:
        pass


# Its `call` does not look at the state; its decorator does.
guarded = breaker.decorate(work)


def refused_guarded():
    try:
        guarded()
    except CircuitBreakerError:
        pass


print(f"python3-circuitbreaker: call, closed              {closed:6.0f} ns (consecutive failures only)")
print(f"python3-circuitbreaker: a refusal                 {best(20_000, refused_guarded):6.0f} ns")

"""What the benchmarks in Python share."""
import time

now = time.monotonic


class Missing(Exception):
    """The thing under test did not do what a row measures: the row shows why."""


def short(value):
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def configure(programs, directory, stable_after, daemon="", defaults=""):
    """Writes a configuration for one daemon into `directory`; returns the command that starts it.

    The policies are the defaults, but for what would hold back starts after many kills on purpose.
    """
    (directory / "kernels.d").mkdir()
    (directory / "run").mkdir(mode=0o755)
    (directory / "kernelsupd.toml").write_text(
        f"""
        [daemon]
        runtime_directory = "{directory}/run"
        cache_directory = "{directory}/cache"
        {daemon}
        [defaults]
        {defaults}
        [defaults.recovery]
        max_restarts = 10000
        initial_backoff = "1ms"
        max_restart_delay = "1ms"
        stable_after = "{stable_after}"
        """
    )
    return [programs / "kernelsupd", "--config", directory / "kernelsupd.toml"]

"""Ctrl-C while a rule of the user's never ends: one sentence, and the process is gone."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import hear_interrupts

NEVER = """
import sys
from trustsim import Scenario, simulate
from trustsim.commands import cli

def never(order, view, policy):
    x = 0.0
    while x < 1.0:
        x = x * 0.5 + order.price * 0.0
    return x

base = Scenario("adversarial", rounds=3, buyers={buyers}, suppliers=30)
mine = base.with_policy("adversarial", inspection=never)
simulate(base.replace(buyers=3))

def run(*_):
    from trustsim.simulation.building import build
    build(mine, 0)
    print("ready", flush=True)
    simulate(mine, {options})

def command():
    import trustsim.commands.describe as described
    described.built_in = run
    sys.argv = ["trustsim", "list"]
    cli.main()
"""


def interrupted(folder: Path, call: str, buyers: int = 3, options: str = "") -> tuple[int, str]:
    """Run a script, interrupt it when it is on its way; give its exit code and what it said."""
    script = folder / "script.py"
    text = NEVER.replace("{buyers}", str(buyers)).replace("{options}", options)
    script.write_text(f"{text}\n{call}\n", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1.0)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    return process.returncode, said


SENTENCE = (
    "stopped after 0 of 3 rounds; if a round does not end, look for a loop without end in never"
)


@pytest.mark.parametrize(("buyers", "options"), [(3, ""), (3, "orders=True"), (4_000, "threads=2")])
def test_simulate_is_stopped_by_an_interruption(tmp_path: Path, buyers: int, options: str) -> None:
    code, said = interrupted(tmp_path, "run()", buyers, options)
    assert said.splitlines()[-1] == f"KeyboardInterrupt: {SENTENCE}"
    assert code in (-signal.SIGINT, 130)


def test_the_command_line_says_one_sentence(tmp_path: Path) -> None:
    code, said = interrupted(tmp_path, "command()")
    assert said == f"{SENTENCE}\n"
    assert code == 130

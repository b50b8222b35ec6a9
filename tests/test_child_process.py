"""A draw that ends its process is a red test, and the run goes on."""

import os
import signal

import pytest
from child_process import in_child


def end_the_process() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def test_a_crash_in_the_child_is_one_failure() -> None:
    with pytest.raises(AssertionError, match="the process ended in end_the_process"):
        in_child(end_the_process)
    assert in_child(int, "7") == 7


def test_what_the_child_raises_is_raised_here() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        in_child(int, "x")

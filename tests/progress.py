"""Prints what a programme of tests is doing, also where its output is a file or a pipe."""

import sys


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

"""The program `activation`: loads the command line, which takes a second, and runs it."""

import sys

INTERRUPTED = "interrupted: see what was done before you give the command again"
BY_INTERRUPT = 130


def main() -> None:
    """Run the command; Ctrl-C ends it with one line also while it is loaded, or ends already."""
    try:
        from starter import cli  # noqa: PLC0415 - loading it is what may be interrupted

        cli.main()
    except KeyboardInterrupt:
        sys.stderr.write(f"{INTERRUPTED}\n")
        sys.exit(BY_INTERRUPT)

"""The command ``trustsim``, and ``python -m trustsim``: ready for Ctrl-C from the first moment."""

import os
import sys

INTERRUPTED = 130


def _stop(*_: object) -> None:
    """End the process at once: nothing has begun."""
    if sys.stderr is not None:
        os.write(2, b"stopped; nothing has begun\n")
    os._exit(INTERRUPTED)


try:
    import signal
except KeyboardInterrupt:
    _stop()


def main() -> None:
    """Run the command line; an interrupted one ends without tidying up what ends with it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)
    os.environ["MPLBACKEND"] = "agg"  # no command opens a window
    from trustsim.commands.cli import main as command

    try:
        command()
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            os._exit(INTERRUPTED)
        raise
    finally:
        if signal.getsignal(signal.SIGINT) is _stop:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()

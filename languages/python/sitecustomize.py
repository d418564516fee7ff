"""Shows a program's prompts: whatever it has printed is flushed before it waits for input.

Standard output is a pipe here, so Python collects it in blocks, and input() alone flushes it. On a
terminal every way of reading a line shows the prompt first; this gives the others (sys.stdin.readline,
iteration, sys.stdin.buffer) the same, and costs nothing while a program only prints.
"""

import io
import os
import sys


def _show_output():
    # What cannot be flushed now is reported by Python itself when the program ends.
    try:
        sys.stdout.flush()
    except Exception:
        pass


class _Stdin(io.FileIO):
    def readinto(self, buffer, /):
        _show_output()
        return super().readinto(buffer)

    def readall(self):
        _show_output()
        return super().readall()

    def read(self, size=-1, /):
        _show_output()
        return super().read(size)


def _replace_raw_stdin():
    """Puts the flushing file at the bottom of sys.stdin, whose objects and settings stay as they are."""
    text = sys.stdin
    raw = _Stdin(text.fileno(), closefd=False)
    raw.name = text.name
    text.buffer.__init__(raw)
    # Once more for the text layer, which remembers the raw file below it.
    text.__init__(
        text.buffer,
        encoding=text.encoding,
        errors=text.errors,
        newline="\n",
        line_buffering=text.line_buffering,
    )


# Somebody watches the program run: lines are flushed as they end, as on a terminal.
if "STDOUT_LINE_BUFFERED" in os.environ and sys.stdout is not None:
    sys.stdout.reconfigure(line_buffering=True)

if sys.stdin is not None:  # None when the program is started with its input closed.
    _replace_raw_stdin()

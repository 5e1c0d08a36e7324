#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run a command as somebody at a terminal does.

    at_terminal.py ANSWER COMMAND...

All three of its streams are a pseudo terminal.  ANSWER and a line end are
typed when it asks "[y/N]".  Prints what the terminal shows, and ends with the
status of the command.
"""

import os
import pty
import sys

QUESTION = b"[y/N] "


def main():
    answer, command = sys.argv[1], sys.argv[2:]
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    seen, asked = b"", False
    while True:
        try:
            got = os.read(terminal, 4096)
        except OSError:         # Linux: nobody has the other side any more
            break
        if not got:
            break
        seen += got
        if QUESTION in seen and not asked:
            asked = True
            os.write(terminal, answer.encode() + b"\n")
    sys.stdout.write(seen.decode(errors="replace").replace("\r\n", "\n"))
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


main()

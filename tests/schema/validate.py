#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold one JSON file against one schema: validate.py SCHEMA FILE"""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator


def main():
    """Say every difference; the exit status is 1 where there is one."""
    schema, value = (json.loads(Path(name).read_text(encoding="utf-8"))
                     for name in sys.argv[1:])
    wrong = list(Draft202012Validator(schema).iter_errors(value))
    for problem in wrong:
        print(f"{'/'.join(map(str, problem.path))}: {problem.message}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

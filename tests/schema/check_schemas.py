#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold what vtopo takes and prints against the schemas beside this file.

    check_schemas.py VTOPO SOURCE-DIR JUDGE

The schemas are JSON Schema, draft 2020-12, and let members through that they
do not name: a release may add some, and who reads answers ignores those.
Here, where program and schemas are of one release, such a member is a
failure; so is one that a schema names and that no answer had.

- Every answer to every request below is valid; so are the verdicts that
  JUDGE (tests/tools/judge.c) passes on tests/records/.
- A request that was answered is valid; one that is not valid is refused.
- The codes of errors are those of vtopo.h.
- The manual tells every member of requests, answers and errors.

Output is TAP; where python3-jsonschema is missing, all is skipped.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    from jsonschema import Draft202012Validator
except ImportError as error:
    print(f"1..0 # SKIP jsonschema cannot be imported: {error}")
    sys.exit(0)

HERE = pathlib.Path(__file__).parent
FILES = {path.name: json.loads(path.read_text(encoding="utf-8"))
         for path in sorted(HERE.glob("*.json"))}

# ----------------------------------------------------------------- schemas


def inlined(schema, file):
    """SCHEMA of FILE with every reference replaced by what it names."""
    if isinstance(schema, list):
        return [inlined(part, file) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: inlined(value, file) for key, value in schema.items()
              if key != "$defs"} if "$ref" not in schema else schema
    if "$ref" not in schema:
        return schema
    where, path = schema["$ref"].split("#/")
    target = FILES[where or file]
    for step in path.split("/"):
        target = target[step]
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {**inlined(target, where or file), **beside}


def closed(schema):
    """SCHEMA with no room for members that it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    tight = {}
    for key, value in schema.items():
        if key == "properties":
            tight[key] = {name: closed(part) for name, part in value.items()}
        elif key in ("items", "oneOf"):
            tight[key] = closed(value)
        else:
            tight[key] = value
    if "properties" in tight:
        tight.setdefault("additionalProperties", False)
    return tight


def named(schema, path=""):
    """The path of every member that SCHEMA names."""
    for part in schema.get("oneOf", []):
        yield from named(part, path)
    if isinstance(schema.get("items"), dict):
        yield from named(schema["items"], path + "[]")
    for name, part in schema.get("properties", {}).items():
        yield f"{path}/{name}"
        yield from named(part, f"{path}/{name}")


def present(value, path=""):
    """The path of every member that VALUE has."""
    if isinstance(value, list):
        for part in value:
            yield from present(part, path + "[]")
    elif isinstance(value, dict):
        for name, part in value.items():
            yield f"{path}/{name}"
            yield from present(part, f"{path}/{name}")


def schema_of(name):
    return inlined(FILES[name + ".json"], name + ".json")


class Answers:
    """What was printed under one schema."""

    def __init__(self, name):
        self.schema = schema_of(name)
        self.validator = Draft202012Validator(closed(self.schema))
        self.error = Draft202012Validator(closed(schema_of("error")))
        self.seen = set()

    def complaint(self, answer):
        is_error = "error" in answer
        for error in (self.error if is_error
                      else self.validator).iter_errors(answer):
            return f"{error.json_path}: {error.message}"
        if not is_error:
            self.seen.update(present(answer))
        return None

    def unseen(self):
        return sorted(set(named(self.schema)) - self.seen)


# ---------------------------------------------------------------- requests

# Together these bring every member of an answer about.
PREDICT = [
    {"smp": "4", "machine": "pc-i440fx-2.12", "os": "win7/professional"},
    {"smp": "4,sockets=2", "machine": "pc-q35-6.1", "qemu": "7.2.22"},
    {"smp": {"cpus": 4, "sockets": "0x2", "maxcpus": 8}, "machine": "q35",
     "qemu": "7.2", "os": "win10", "edition": None},
    {"smp": "8", "dialect": {"levels": ["sockets", "dies", "cores", "threads"],
                             "prefer": "sockets", "min_cpus": 1,
                             "max_cpus": 2147483647, "qemu": "7.2"}},
    {"smp": "8", "dialect": {}},
    {"smp": {}, "os": None, "limits": None},
    {"smp": "010", "os": "winxp", "arch": "x86_64"},
    {"smp": "12,dies=2,cores=3", "machine": "pc-q35-10.0", "show": ["cpuid"]},
    {"smp": "24,modules=2,cores=3,threads=2", "machine": "pc-q35-9.1",
     "show": ["cpuid"], "os": "win11/home"},
    {"smp": "8,threads=2", "machine": "pc-q35-7.2", "show": ["cpuid"],
     "cpu": {"model": "EPYC", "accel": "kvm"}},
    {"smp": "2", "machine": "pc-i440fx-2.6", "qemu": "5.2", "show": ["cpuid"],
     "cpu": {"model": "Opteron_G3", "vendor": "amd", "accel": "tcg",
             "topoext": True, "x2apic": None, "force_features": True}},
    {"smp": "2", "show": ["cpuid", "cpuid"], "cpu": {"model": "pentium3"}},
    {"smp": "130", "machine": "pc-q35-8.0", "os": "win10/professional"},
    {"smp": "130", "machine": "pc-q35-8.0", "os": "win2k22"},
    {"smp": "9,sockets=3", "machine": "pc-q35-7.2", "os": "winxp/professional",
     "arch": "x86_64",
     "limits": {"sockets": {"least": 1, "most": 3}, "numproc": 2}},
    {"smp": "4", "os": "winxp/home",
     "limits": {"hal": {"id": "acpiapic_up"}, "multiprocessor": False,
                "onecpu": True, "numproc": None, "name": "mine"}},
    {"smp": "4", "limits": {"generation": "nt6.1-x86_64", "sockets": None,
                            "logical": "none", "hal": "acpiapic_mp"}},
    {"smp": "4,sockets=2", "machine": "virt", "arch": "aarch64",
     "qemu": "8.2"},
    {"smp": "8,drawers=2,books=2", "machine": "s390-ccw-virtio"},
    {"smp": "4,sockets=4", "os": "win10"},
    {"smp": "2", "os": "debian12"},
]

PLAN = [
    {"vcpus": 8},
    {"vcpus": 8, "os": "win10", "edition": "professional", "all": True},
    {"vcpus": 8, "os": "win10", "all": True},
    {"vcpus": 4, "max_vcpus": 16, "machine": "pc-q35-7.2",
     "os": "win2k22/standard"},
    {"vcpus": 6, "os": "winvista/business", "machine": "pc-q35-7.2"},
    {"vcpus": 4, "os": "winxp/professional", "limits": {"hal": "mps_up"}},
    {"vcpus": 4, "os": "win2k/professional"},
    {"vcpus": 16, "sockets": 2, "cores": 4, "threads": 2, "all": True},
    {"vcpus": 16, "max_sockets": 2, "max_cores": 4, "max_threads": 2},
    {"vcpus": 7, "sockets": 2},
    {"vcpus": 1, "os": None},
    {"vcpus": 8, "app": "sql-2022-express", "os": "win2k22/standard"},
    {"vcpus": 8, "dialect": {"max_cpus": 4}, "all": True},
    {"vcpus": 8, "dialect": {"levels": ["sockets", "cores"]}},
    {"vcpus": 4, "machine": "virt", "arch": "aarch64"},
    {"vcpus": 8, "cpu": {"model": "EPYC", "accel": "tcg"}},
]

NOVA = [
    {"vcpus": 8, "flavor": {"hw:cpu_max_sockets": "2", "hw:cpu_cores": 4},
     "image": {"hw_cpu_max_sockets": "2", "os_type": "windows"},
     "allow_threads": True},
    {"vcpus": 8, "flavor": None, "image": None, "allow_threads": False},
    {"vcpus": 8, "flavor": {"hw:cpu_max_sockets": "two"}},
    {"vcpus": 8, "flavor": {"hw:cpu_max_sockets": None}},
    {"vcpus": 8, "flavor": {"hw:cpu_max_sockets": 2},
     "image": {"hw_cpu_max_sockets": 4}},
    {"vcpus": 8, "flavor": {"hw:cpu_max_sockets": 2},
     "image": {"hw_cpu_sockets": 4}},
    {"vcpus": 0},
    {"vcpus": 5000},
]

# Requests cannot ask for an installation; the command line can.
INSTALL = [
    ["--install", "winnt4.0/server"], ["--install", "win2k/professional"],
    ["--install", "winxp/home"], ["--install", "win2k3", "--hal", "mps_mp"],
    ["--install", "winxp/professional", "--arch", "x86_64"],
    ["--install", "win7"],
]

# Neither the schema nor the program may take these.
WRONG = {
    "predict": [
        {}, [], "4", {"smp": 4}, {"smp": None}, {"smp": "4", "rooms": 2},
        {"smp": {"rooms": 2}}, {"smp": {"cpus": True}},
        {"smp": {"cpus": 4.5}}, {"smp": "4", "machine": None},
        {"smp": "4", "machine": "pc", "dialect": {}},
        {"smp": "4", "dialect": []},
        {"smp": "4", "dialect": {"levels": ["rooms"]}},
        {"smp": "4", "dialect": {"prefer": "dies"}},
        {"smp": "4", "dialect": {"max_cpus": 0}},
        {"smp": "4", "dialect": {"min_cpus": -1}},
        {"smp": "4", "dialect": {"cpus": 1}}, {"smp": "4", "qemu": 7.2},
        {"smp": "4", "qemu": "seven"}, {"smp": "4", "arch": "mips"},
        {"smp": "4", "cpu": {"family": 6}}, {"smp": "4", "cpu": "EPYC"},
        {"smp": "4", "cpu": {"vendor": "via"}},
        {"smp": "4", "cpu": {"model": "m" * 64}},
        {"smp": "4", "show": "cpuid"}, {"smp": "4", "show": ["all"]},
        {"smp": "4", "os": 7}, {"smp": "4", "os": "win7", "edition": 1},
        {"smp": "4", "os": "win7", "limits": []},
        {"smp": "4", "os": "win7", "limits": {"sockets": 0}},
        {"smp": "4", "os": "win7", "limits": {"sockets": "two"}},
        {"smp": "4", "os": "win7", "limits": {"sockets": {"exactly": 2}}},
        {"smp": "4", "os": "win7", "limits": {"numproc": 0}},
        {"smp": "4", "os": "win7", "limits": {"onecpu": None}},
        {"smp": "4", "os": "win7", "limits": {"cores": 2}},
    ],
    "plan": [
        {}, [], 8, {"vcpus": 0}, {"vcpus": 4097}, {"vcpus": "8"},
        {"vcpus": 8.5}, {"vcpus": 8, "smp": "8"}, {"vcpus": 8, "all": 1},
        {"vcpus": 8, "max_vcpus": None}, {"vcpus": 8, "app": None},
        {"vcpus": 8, "sockets": 0}, {"vcpus": 8, "max_cores": -1},
        {"vcpus": 8, "machine": "pc", "dialect": {}},
    ],
    "nova": [
        {}, [], {"vcpus": "8"}, {"vcpus": None}, {"vcpus": 8, "flavor": []},
        {"vcpus": 8, "image": "x"}, {"vcpus": 8, "allow_threads": 1},
        {"vcpus": 8, "flavour": {}},
    ],
}

# What was planned, beside every record.
PLANNED = [
    None,
    {"smp": "4", "machine": "pc-i440fx-2.12", "os": "win7/professional"},
    {"smp": "4", "machine": "pc-q35-7.2"},
    {"smp": "4,sockets=4", "machine": "pc-q35-7.2", "os": "win10"},
    {"smp": "4", "os": "winxp/professional", "limits": {"hal": "mps_mp"}},
]

# Loose files and a disk that inspect reads without anybody's data.
BOOT_INI = r"""[boot loader]
default=multi(0)disk(0)rdisk(0)partition(1)\WINDOWS
[operating systems]
multi(0)disk(0)rdisk(0)partition(1)\WINDOWS="XP" /onecpu /numproc=2
"""

BULK = {
    "predict": ["predict", "--requests", "-"],
    "plan": ["plan", "--requests", "-"],
    "nova": ["plan", "--policy", "nova", "--requests", "-"],
}


def editions(guests):
    """A request for each build of each edition that is known."""
    for system in guests["systems"]:
        for arch in ("x86", "x86_64"):
            if system[arch] is not None:
                yield {"os": system["osinfo"], "arch": arch,
                       "edition": system["edition"], "machine": "pc-q35-7.2"}


# -------------------------------------------------------------------- tests


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = False

    def ok(self, sentence, complaints):
        self.count += 1
        mark = "not ok" if complaints else "ok"
        print(f"{mark} {self.count} - {sentence}")
        for complaint in complaints[:10]:
            print(f"# {complaint}")
        self.failed = self.failed or bool(complaints)


def run(vtopo, *args, text=""):
    done = subprocess.run([vtopo, *args], input=text, text=True, check=False,
                          stdout=subprocess.PIPE)
    return done.stdout.splitlines()


def ask(vtopo, command, requests):
    text = "".join(json.dumps(request) + "\n" for request in requests)
    answers = [json.loads(line)
               for line in run(vtopo, *BULK[command], text=text)]
    if len(answers) != len(requests):
        sys.exit(f"Bail out! {len(requests)} requests of {command} were given "
                 f"{len(answers)} answers")
    return zip(requests, answers)


def check_install(tap, vtopo, answers):
    """The same answers, given on the command line."""
    invalid = []
    for words in INSTALL:
        for line in run(vtopo, "plan", "--vcpus", "2", "--json", *words):
            complaint = answers.complaint(json.loads(line))
            if complaint is not None:
                invalid.append(f"{' '.join(words)}: {complaint}")
    tap.ok(f"plan: {len(INSTALL)} answers for installations are valid",
           invalid)


def check_bulk(tap, vtopo, command, requests):
    answers = Answers(command + "-answer")
    request = Draft202012Validator(schema_of(command + "-request"))
    invalid = []
    untrue = []
    for asked, answer in ask(vtopo, command, requests):
        complaint = answers.complaint(answer)
        if complaint is not None:
            invalid.append(f"{json.dumps(asked)}: {complaint}")
        if "error" not in answer and not request.is_valid(asked):
            untrue.append(json.dumps(asked))
    tap.ok(f"{command}: {len(requests)} answers are valid", invalid)
    tap.ok(f"{command}: what was answered is a valid request", untrue)
    if command == "plan":
        check_install(tap, vtopo, answers)
    tap.ok(f"{command}: every member that is named was seen",
           answers.unseen())
    taken = [json.dumps(asked)
             for asked, answer in ask(vtopo, command, WRONG[command])
             if request.is_valid(asked) or "error" not in answer]
    tap.ok(f"{command}: schema and program refuse the same", taken)


def check_guests(tap, vtopo):
    answers = Answers("guests")
    invalid = []
    for args in ([], ["--hals"], ["--apps"], ["--sources"],
                 ["win7/professional"], ["linux"], ["acpiapic_up"],
                 ["sql-2022-express"]):
        for line in run(vtopo, "guests", "--json", *args):
            complaint = answers.complaint(json.loads(line))
            if complaint is not None:
                invalid.append(f"{' '.join(args)}: {complaint}")
    tap.ok("guests: what is printed is valid", invalid)
    tap.ok("guests: every member that is named was seen", answers.unseen())


def check_verdicts(tap, source, judge):
    answers = Answers("verify-answer")
    invalid = []
    records = sorted((source / "tests/records").glob("*.json"))
    for record in records:
        for planned in PLANNED:
            words = [record] + ([json.dumps(planned)] if planned else [])
            for line in run(judge, *words):
                complaint = answers.complaint(json.loads(line))
                if complaint is not None:
                    invalid.append(f"{record.name}: {complaint}")
    tap.ok(f"verify: verdicts on {len(records)} records are valid", invalid)
    tap.ok("verify: every member that is named was seen", answers.unseen())


def check_inspect(tap, vtopo):
    answers = Answers("inspect-answer")
    invalid = []
    with tempfile.TemporaryDirectory() as place:
        loose = pathlib.Path(place, "boot.ini")
        loose.write_text(BOOT_INI, encoding="ascii")
        disk = pathlib.Path(place, "disk.raw")
        # A partition table with one partition of nothing.
        table = bytearray(1 << 20)
        table[446:462] = bytes([0x80, 0, 0, 0, 7, 0, 0, 0,
                                8, 0, 0, 0, 0, 4, 0, 0])
        table[510:512] = b"\x55\xaa"
        disk.write_bytes(table)
        for words in (["--boot-ini", loose], ["--format", "raw", disk]):
            for line in run(vtopo, "inspect", "--json", *words):
                complaint = answers.complaint(json.loads(line))
                if complaint is not None:
                    invalid.append(f"{words[0]}: {complaint}")
    tap.ok("inspect: what is printed is valid", invalid)


def listed_codes():
    return set(schema_of("error")["properties"]["error"]["properties"]
               ["code"]["enum"])


def check_codes(tap, source):
    header = (source / "include/vtopo.h").read_text(encoding="utf-8")
    rows = header.split("#define VTOPO_CODES(X)")[1].split("enum")[0]
    codes = set(re.findall(r'X\(\w+, "([^"]+)"', rows)) - {"ok"}
    tap.ok("error: the codes are those of vtopo.h",
           sorted(codes ^ listed_codes()))


def check_manual(tap, source):
    """Every name of a schema is a word of the page of its command."""
    shared = (source / "man/vtopo.pod").read_text(encoding="utf-8")
    pages = {"error": "vtopo", "predict-request": "vtopo-predict",
             "predict-answer": "vtopo-predict", "plan-request": "vtopo-plan",
             "plan-answer": "vtopo-plan", "nova-request": "vtopo-plan",
             "nova-answer": "vtopo-plan", "inspect-answer": "vtopo-inspect",
             "verify-answer": "vtopo-verify", "repair-answer": "vtopo-repair"}
    silent = []
    for schema, page in pages.items():
        text = (source / f"man/{page}.pod").read_text(encoding="utf-8")
        words = set(re.findall(r"[\w.]*\w", text + shared))
        names = {path.rsplit("/", 1)[-1] for path in named(schema_of(schema))}
        silent += [f"man/{page}.pod, man/vtopo.pod: nothing of '{name}'"
                   for name in sorted(names - words)
                   if not name.startswith(("hw:", "hw_"))]
    silent += [f"man/vtopo.pod: nothing of the code '{code}'"
               for code in sorted(listed_codes()) if code not in shared]
    tap.ok("manual: every member is told of", silent)


def main():
    vtopo, source, judge = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    tap = Tap()
    for name, schema in FILES.items():
        Draft202012Validator.check_schema(schema)
        tap.ok(f"{name} is a schema", [])
    check_codes(tap, source)
    check_manual(tap, source)
    check_guests(tap, vtopo)
    check_inspect(tap, vtopo)
    check_verdicts(tap, source, judge)
    guests = json.loads(run(vtopo, "guests", "--json")[0])
    known = list(editions(guests))
    check_bulk(tap, vtopo, "predict", PREDICT + [
        {"smp": "5,maxcpus=6,sockets=3", **edition} for edition in known])
    check_bulk(tap, vtopo, "plan", PLAN + [
        {"vcpus": 6, **edition} for edition in known])
    check_bulk(tap, vtopo, "nova", NOVA)
    print(f"1..{tap.count}")
    return tap.failed


if __name__ == "__main__":
    sys.exit(main())

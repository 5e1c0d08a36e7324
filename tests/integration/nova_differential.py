#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hold `vtopo plan --policy nova` against Nova itself.

Random requests go to OpenStack Nova's own functions (nova.virt.hardware, with
real Flavor and ImageMeta objects) and to `vtopo plan --policy nova
--requests -`. Both must give the same answer.

    nova_differential.py --vtopo build/vtopo [--count N] [--seed S] [--jobs N]

A request is one JSON object a line; every member but "vcpus" may be left out:

    {"vcpus": 8, "flavor": {"hw:cpu_max_sockets": "2"},
     "image": {"hw_cpu_max_sockets": "2"}, "allow_threads": true}

The answer is exactly one of

    {"preferred": [s, c, t], "maximum": [s, c, t], "topologies": [[s, c, t], ...]}
    {"error": {"code": "<Nova's exception class>", "message": "..."}}

where "preferred" and "maximum" are what Nova's get_cpu_topology_constraints()
returns: in "preferred" 0 means no wish; "maximum" is the image's limit, else
the flavor's, else 65536, neither lowered to the number of vCPUs nor changed by
"allow_threads". "topologies" is the whole list, best first. Once a step fails
there is an error and nothing beside it. An image value that is no integer is a
ValueError of ImageMeta, before anything else is looked at; Nova's API turns
it into InvalidRequest, and so does this test.

Values follow Python's int(): blanks around, a sign, underscores between
digits, at most 4300 digits. Named differences, which are not generated:

- digits and blanks outside ASCII, which int() accepts ("\u0663" is 3);
- numbers beyond 64 bits, which vtopo holds at +-(2^63-1) and so for equal. Only
  one such magnitude is generated, and both answers are cut there before they are
  compared;
- more than 4096 vCPUs, which vtopo refuses;
- an image value that is a JSON fraction, boolean, array or object: Glance gives strings.

Output is TAP; the exit status is 0 when all agree, 1 when not, 77 when Nova
cannot be imported (Debian's python3-nova works with /usr/bin/python3 only).
"""

import argparse
import collections
import json
import multiprocessing
import random
import subprocess
import sys

try:
    import nova.conf  # noqa: F401  (nova.objects needs it)
    from nova import exception, objects
    from nova.virt import hardware
except ImportError as error:
    print(f"1..0 # SKIP nova cannot be imported: {error}")
    sys.exit(77)

MEMBERS = ("sockets", "cores", "threads")
INT64_MAX = 2**63 - 1
HUGE = 10**30 - 1
MAX_SHOWN = 5
MAX_WIDTH = 600

ERRORS = (
    "InvalidRequest",
    "ImageVCPULimitsRangeExceeded",
    "ImageVCPUTopologyRangeExceeded",
    "ImageVCPULimitsRangeImpossible",
)
NOT_INTEGERS = (
    "", " ", "3.5", "3.0", "1e3", "0x3", "0b1", "0o7", "3L", "three", "True", "None",
    "inf", "3 4", "3,", "-", "+", "++3", "+-3", "+ 3", "- 3", "_1", "1_", "1__0", "-_3",
    "+_3", "3\0", "\0", "\x1c3", "3\x1f", "0" * 4300 + "3", "9" * 4301,
)
IGNORED = {
    "flavor": {"hw:cpu_policy": "shared", "hw:cpu_maxthreads": "x", "hw:max_cpu_sockets": "1",
               "HW:CPU_CORES": "1", "hw_cpu_max_cores": "1"},
    "image": {"hw_cpu_maxcores": "x", "os_distro": "windows", "hw_machine_type": "q35",
              "HW_CPU_CORES": None, "hw:cpu_max_cores": [1]},
}
# What chance hardly meets; the first requests of every run.
CORNERS = (
    {"vcpus": 8},
    {"vcpus": 8, "flavor": {}, "image": {}, "allow_threads": False},
    {"vcpus": 0},
    {"vcpus": -1, "allow_threads": False},
    {"vcpus": 0, "flavor": {"hw:cpu_cores": "x"}},
    # Without threads the limit on threads is 1, whatever it was.
    {"vcpus": 4, "image": {"hw_cpu_max_threads": "-3", "hw_cpu_threads": "-3"},
     "allow_threads": False},
    {"vcpus": 4, "image": {"hw_cpu_max_threads": "-3", "hw_cpu_threads": "-3"}},
    # A negative limit is a limit; no wish (0) is above it.
    {"vcpus": 4, "image": {"hw_cpu_max_sockets": "-3"}},
    {"vcpus": 4, "flavor": {"hw:cpu_max_sockets": "-3"}},
    {"vcpus": 4, "flavor": {"hw:cpu_max_sockets": "-3"},
     "image": {"hw_cpu_max_sockets": "-3", "hw_cpu_sockets": "-4"}},
    # A negative wish is a wish: it hides the flavor's and matches nothing.
    {"vcpus": 4, "flavor": {"hw:cpu_cores": "4"}, "image": {"hw_cpu_sockets": "-2"}},
    {"vcpus": 4, "flavor": {"hw:cpu_cores": "4"}, "image": {"hw_cpu_sockets": "0"}},
    # The order of errors: image literals, limits, flavor wishes, image wishes.
    {"vcpus": 4, "flavor": {"hw:cpu_max_cores": "2"},
     "image": {"hw_cpu_max_cores": "3", "hw_cpu_cores": "x"}},
    {"vcpus": 4, "flavor": {"hw:cpu_max_cores": "2", "hw:cpu_cores": "x"},
     "image": {"hw_cpu_max_cores": "3"}},
    {"vcpus": 4, "flavor": {"hw:cpu_cores": "x"}, "image": {"hw_cpu_cores": "70000"}},
    # Nova stores strings only in a flavor, whatever the key.
    {"vcpus": 4, "flavor": {"hw:cpu_max_cores": "2", "hw:other": None},
     "image": {"hw_cpu_max_cores": "3", "hw_other": None}},
    # No limit is a limit of 65536.
    {"vcpus": 4, "image": {"hw_cpu_cores": "65536"}},
    {"vcpus": 4, "flavor": {"hw:cpu_cores": "65537", "hw:cpu_threads": "2"}},
    {"vcpus": 4, "flavor": {"hw:cpu_max_cores": "70000"}, "image": {"hw_cpu_cores": "70000"}},
    {"vcpus": 4, "image": {"hw_cpu_max_cores": str(HUGE), "hw_cpu_cores": HUGE}},
    {"vcpus": 4, "flavor": {"hw:cpu_max_cores": "1" * 4300}},
    {"vcpus": 4, "flavor": {"hw:cpu_max_cores": "1" * 4301}},
)


def spell(rng, number):
    """One of the ways to write a number that int() takes."""
    text = str(number)
    sign, digits = ("-", text[1:]) if number < 0 else ("", text)
    way = rng.randrange(40)
    if way < 24:
        return text
    if way < 30:
        return number
    if way == 30:
        return "\t\n\v\f\r "[rng.randrange(6)] * rng.randint(1, 3) + text
    if way == 31:
        return text + "\t\n\v\f\r "[rng.randrange(6)]
    if way == 32:
        return f" {text} "
    if way == 33:
        return f"{sign or '+'}{digits}"
    if way == 34:
        return f"{sign}00{digits}"
    if way == 35:
        return f"{sign}0_{digits}"
    if way < 39:
        return sign + "_".join(digits)
    return sign + digits.rjust(4300, "0") if rng.randrange(8) == 0 else text


def plain_number(rng, vcpus):
    """A number that means something for this many vCPUs, or just misses."""
    divisors = [n for n in range(1, vcpus + 1) if vcpus % n == 0] or [1]
    return rng.choice((
        0, rng.randint(1, 4), rng.randint(1, 4), rng.choice(divisors), rng.choice(divisors),
        rng.randint(1, max(vcpus, 1)), vcpus, vcpus + rng.randint(1, 3),
    ))


def odd_number(rng, vcpus):
    """Negative numbers, Nova's default limit and its neighbours, huge ones."""
    return rng.choice((
        -1, -2, -3, -vcpus, 65535, 65536, 65537, 70000, 1000000, 2**31, 2**32 + 1,
        2**62, -2**62, HUGE, -HUGE,
    ))


def not_integer(rng, owner, limit):
    """A value that int() refuses, of any JSON type that Nova answers for."""
    if rng.randrange(8) != 0:
        return rng.choice(NOT_INTEGERS)
    if owner == "image":
        return None
    # Nova makes strings of numbers and booleans and refuses null before it
    # compares limits, so null comes only where no other error can come first.
    return rng.choice((True, False, 1.5, 3.0) + ((None,) if limit else ()))


def make_properties(rng, owner, vcpus, oddness):
    """The flavor's extra specs or the image's properties."""
    prefix = "hw:cpu_" if owner == "flavor" else "hw_cpu_"
    properties = {}
    for limit in (True, False):
        presence = rng.choice((0, 0, 0.2, 0.4, 0.7, 1))
        for member in MEMBERS:
            if rng.random() >= presence:
                continue
            key = prefix + ("max_" if limit else "") + member
            draw = rng.random()
            if draw < oddness / 3:
                properties[key] = not_integer(rng, owner, limit)
            elif draw < oddness:
                properties[key] = spell(rng, odd_number(rng, vcpus))
            else:
                properties[key] = spell(rng, plain_number(rng, vcpus))
    if rng.randrange(10) == 0:
        key = rng.choice(sorted(IGNORED[owner]))
        properties[key] = IGNORED[owner][key]
    shuffled = list(properties.items())
    rng.shuffle(shuffled)
    return dict(shuffled)


def make_request(seed, number):
    """Request `number` of a seed; the same whatever the count."""
    if number < len(CORNERS):
        return CORNERS[number]
    rng = random.Random(f"{seed}/{number}")
    draw = rng.randrange(100)
    if draw < 90:
        vcpus = rng.randint(1, 32)
    elif draw < 97:
        vcpus = rng.randint(33, 64)
    else:
        vcpus = rng.choice((0, 0, -1))
    request = {"vcpus": vcpus}
    oddness = rng.choice((0, 0, 0, 0.1, 0.4))
    for owner in ("flavor", "image"):
        properties = make_properties(rng, owner, vcpus, oddness)
        if properties or rng.randrange(3) == 0:
            request[owner] = properties
    if rng.randrange(3) != 0:
        request["allow_threads"] = rng.randrange(3) != 0
    return request


def cut(number):
    """A number as 64 bits hold it."""
    return max(-INT64_MAX, min(INT64_MAX, number))


def members(topology):
    """A VirtCPUTopology as the JSON answer has it."""
    return [cut(getattr(topology, member)) for member in MEMBERS]


def ask_nova(request):
    """Nova's answer, an error as its class name alone."""
    try:
        image = objects.ImageMeta.from_dict({"properties": request.get("image", {})})
        flavor = objects.Flavor(vcpus=request["vcpus"], extra_specs=request.get("flavor", {}))
    except ValueError:
        return "InvalidRequest"
    try:
        preferred, maximum = hardware.get_cpu_topology_constraints(flavor, image)
        topologies = hardware._get_desirable_cpu_topologies(
            flavor, image, request.get("allow_threads", True))
    except exception.Invalid as error:
        return type(error).__name__
    return {
        "preferred": members(preferred),
        "maximum": members(maximum),
        "topologies": [members(topology) for topology in topologies],
    }


def read_answer(line):
    """vtopo's answer in the form of ask_nova(), or a sentence about the line."""
    try:
        answer = json.loads(line)
        if set(answer) == {"error"}:
            if not answer["error"]["message"]:
                return f"no message: {line}"
            return answer["error"]["code"]
        for key in ("preferred", "maximum"):
            answer[key] = [cut(number) for number in answer[key]]
        return answer
    except (ValueError, KeyError, TypeError):
        return f"not an answer: {line}"


def ask_vtopo(vtopo, requests):
    """All answers of one run of vtopo, and a sentence when the run itself went wrong."""
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    try:
        run = subprocess.run([vtopo, "plan", "--policy", "nova", "--requests", "-"],
                             input=lines, capture_output=True, text=True, check=False)
    except OSError as error:
        return [], str(error)
    answers = [read_answer(line) for line in run.stdout.splitlines()]
    if run.returncode != 0:
        return answers, f"exit status {run.returncode}: {run.stderr.strip()}"
    if len(answers) != len(requests):
        return answers, f"{len(answers)} answers to {len(requests)} requests"
    return answers, None


def kind(answer):
    """The test an expected answer belongs to."""
    return "topologies" if isinstance(answer, dict) else answer


def show(value):
    """JSON for a person; numbers of 4300 digits are cut."""
    text = json.dumps(value)
    return text if len(text) <= MAX_WIDTH else text[:MAX_WIDTH] + "..."


def report(requests, expected, answers, complaint):
    """Print TAP, one test for each kind of answer Nova gave; the number of differences."""
    kinds = ("topologies",) + ERRORS
    total = collections.Counter(kind(answer) for answer in expected)
    kinds += tuple(sorted(set(total) - set(kinds)))
    wrong = collections.defaultdict(list)
    answers = answers + ["no answer"] * (len(requests) - len(answers))
    for number, (nova_says, vtopo_says) in enumerate(zip(expected, answers)):
        if nova_says != vtopo_says:
            wrong[kind(nova_says)].append(number)

    print(f"1..{1 + len(kinds)}")
    if complaint is None:
        print("ok 1 - one answer a request")
    else:
        print("not ok 1 - one answer a request")
        print("# " + complaint.replace("\n", "\n# "))
    for number, name in enumerate(kinds, start=2):
        if total[name] == 0:
            print(f"ok {number} - {name} # SKIP no such request in this run")
            continue
        print(f"{'not ok' if wrong[name] else 'ok'} {number} - {name}")
        print(f"# {total[name]} compared, {len(wrong[name])} differ")
        for line in wrong[name][:MAX_SHOWN]:
            print(f"# request {line}: {show(requests[line])}")
            print(f"#   nova  {show(expected[line])}")
            print(f"#   vtopo {show(answers[line])}")
    differ = sum(map(len, wrong.values()))
    print(f"# {len(requests)} compared, {differ} differ ({total['topologies']} topologies, "
          f"{len(requests) - total['topologies']} errors)")
    return differ


def main():
    """Compare; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vtopo", default="build/vtopo", metavar="PATH")
    parser.add_argument("--count", type=int, default=20000, metavar="N")
    parser.add_argument("--seed", default="1", metavar="S")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    options = parser.parse_args()

    objects.register_all()
    print(f"# seed {options.seed}")
    requests = [make_request(options.seed, number) for number in range(options.count)]
    answers, complaint = ask_vtopo(options.vtopo, requests)
    with multiprocessing.Pool(options.jobs) as pool:
        expected = pool.map(ask_nova, requests, chunksize=100)
    differ = report(requests, expected, answers, complaint)
    return 0 if differ == 0 and complaint is None else 1


if __name__ == "__main__":
    sys.exit(main())

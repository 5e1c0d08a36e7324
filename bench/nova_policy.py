#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How many requests a second Nova and vtopo answer on one processor.

    /usr/bin/python3 bench/nova_policy.py [--vtopo build/vtopo] [--lines N] [--runs N]

needs Debian's python3-nova. Nova answers in this process, with Flavor and
ImageMeta objects made beforehand; vtopo reads a file of JSON requests and
writes JSON answers, its start included. Both are counted in processor time
(user and system), medians of this one run; for the varied requests, which differ
in cost, the mean over them. The exit status is 0 whether the target is met or not.
"""

import argparse
import json
import math
import os
import random
import statistics
import sys
import tempfile
import time

from start_and_bulk import first_answers, judge, run, write_lines

try:
    import nova.conf  # noqa: F401  (nova.objects needs it)
    from nova import objects
    from nova.virt import hardware
except ImportError as error:
    print(f"nova cannot be imported: {error}")
    sys.exit(77)

TARGET = 5000
VCPUS = 64
GROWTH = (16, 24, 32, 48, 60, 64, 120, 128, 240, 256, 360, 512, 720, 840, 1024, 1260, 1680,
          2048, 2520, 4096)
NOVA_GROWTH_MAX = 128
MEMBERS = ("sockets", "cores", "threads")


def varied_request(rng):
    """A request for 64 vCPUs with limits and wishes in powers of two; one always fits."""
    while True:
        limits = [rng.choice((None, None, 1, 2, 4, 8, 16, 32, 64)) for _ in MEMBERS]
        if math.prod(limit or VCPUS for limit in limits) >= VCPUS:
            break
    request = {"vcpus": VCPUS, "flavor": {}, "image": {}}
    for member, limit in zip(MEMBERS, limits):
        if limit is not None:
            owner, key = rng.choice((("flavor", "hw:cpu_max_"), ("image", "hw_cpu_max_")))
            request[owner][key + member] = str(limit)
        if rng.random() < 0.3:
            owner, key = rng.choice((("flavor", "hw:cpu_"), ("image", "hw_cpu_")))
            request[owner][key + member] = str(rng.choice((1, 2, limit or 4)))
            if limit is not None and int(request[owner][key + member]) > limit:
                request[owner][key + member] = str(limit)
    request["allow_threads"] = rng.random() < 0.9
    if not request["allow_threads"] and math.prod(limit or VCPUS for limit in limits[:2]) < VCPUS:
        request["allow_threads"] = True
    return request


def nova_objects(request):
    """What Nova's functions take."""
    return (objects.Flavor(vcpus=request["vcpus"], extra_specs=request.get("flavor", {})),
            objects.ImageMeta.from_dict({"properties": request.get("image", {})}),
            request.get("allow_threads", True))


def timed(function, *arguments):
    """Processor seconds of one call."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def bare(vcpus):
    """Nova's enumeration and sort alone, without its reading of properties."""
    maximum = objects.VirtCPUTopology(sockets=65536, cores=65536, threads=65536)
    wish = objects.VirtCPUTopology(sockets=0, cores=0, threads=0)
    possible = hardware._get_possible_cpu_topologies(vcpus, maximum, True)
    hardware._sort_possible_cpu_topologies(possible, wish)


def nova_seconds(requests, average=statistics.median):
    """Processor seconds of Nova's whole path for one of these requests."""
    return average(
        timed(hardware._get_desirable_cpu_topologies, *nova_objects(request))
        for request in requests)


def vtopo_seconds(vtopo, path, count, runs):
    """Median processor and wall seconds of vtopo for one line of a file."""
    results = [run([vtopo, "plan", "--policy", "nova", "--requests", path]) for _ in range(runs)]
    return (statistics.median(result[1] for result in results) / count,
            statistics.median(result[0] for result in results) / count)


def to_lines(requests):
    """Requests as vtopo reads them."""
    return [json.dumps(request) + "\n" for request in requests]


def measure_speed(options, directory):
    """64 vCPUs, without limits and with varied ones."""
    rng = random.Random(1)
    free = [{"vcpus": VCPUS}]
    varied = [varied_request(rng) for _ in range(1000)]
    argv = [options.vtopo, "plan", "--policy", "nova"]
    for request, answer in zip(free + varied, first_answers(argv, to_lines(free + varied))):
        if "error" in answer:
            raise SystemExit(f"vtopo refuses {json.dumps(request)}: {json.dumps(answer)}")
    free_nova = nova_seconds(free * options.nova)
    bare_nova = statistics.median(timed(bare, VCPUS) for _ in range(options.nova))
    varied_nova = nova_seconds(varied, statistics.mean)

    print(f"{VCPUS} vCPUs                 requests/s  us a request"
          "  x nova, no limits  x nova, same requests")
    for name, seconds in (("nova, no limits", free_nova), ("nova, enumerate and sort", bare_nova),
                          ("nova, varied", varied_nova)):
        print(f"  {name:<25}{1 / seconds:11.1f}{seconds * 1e6:14.1f}")
    for name, requests, same in (("no limits", free, free_nova), ("varied", varied, varied_nova)):
        path = write_lines(directory, "requests.jsonl", to_lines(requests), options.lines)
        processor, wall = vtopo_seconds(options.vtopo, path, options.lines, options.runs)
        print(f"  {'vtopo, ' + name:<25}{1 / processor:11.0f}{processor * 1e6:14.3f}"
              f"{free_nova / processor:19.0f}{same / processor:23.0f}"
              f"{judge(free_nova / processor >= TARGET)}")
        print(f"  {'  by the wall clock':<25}{1 / wall:11.0f}{wall * 1e6:14.3f}"
              f"{free_nova / wall:19.0f}{same / wall:23.0f}")
    print(f"  target: {TARGET} times nova without limits; nova: median of {options.nova} calls,"
          f" varied: mean of {len(varied)}; vtopo: median of {options.runs} runs"
          f" of {options.lines} lines")


def measure_growth(options, directory):
    """No limits, from 16 to 4096 vCPUs."""
    print("no limits    divisors  topologies   vtopo us  ns a topology      nova us")
    for vcpus in GROWTH:
        divisors = sum(vcpus % n == 0 for n in range(1, vcpus + 1))
        lines = to_lines([{"vcpus": vcpus}])
        answer, = first_answers([options.vtopo, "plan", "--policy", "nova"], lines)
        topologies = len(answer.get("topologies", ()))
        if topologies == 0:
            print(f"  {vcpus:>6}{divisors:>13}{'':>12}   {answer['error']['code']}")
            continue
        count = max(1000, 4_000_000 // topologies)
        path = write_lines(directory, "growth.jsonl", lines, count)
        seconds, _ = vtopo_seconds(options.vtopo, path, count, options.runs)
        nova_us = "-"
        if vcpus <= NOVA_GROWTH_MAX:
            nova_us = f"{nova_seconds([{'vcpus': vcpus}] * 9) * 1e6:.0f}"
        print(f"  {vcpus:>6}{divisors:>13}{topologies:>12}{seconds * 1e6:>11.2f}"
              f"{seconds * 1e9 / topologies:>15.1f}{nova_us:>13}")


def main():
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vtopo", default="build/vtopo", metavar="PATH")
    parser.add_argument("--lines", type=int, default=400_000, metavar="N")
    parser.add_argument("--runs", type=int, default=5, metavar="N")
    parser.add_argument("--nova", type=int, default=51, metavar="N", help="calls of Nova")
    options = parser.parse_args()
    options.vtopo = os.path.abspath(options.vtopo)
    objects.register_all()
    with tempfile.TemporaryDirectory() as directory:
        measure_speed(options, directory)
        print()
        measure_growth(options, directory)


if __name__ == "__main__":
    main()

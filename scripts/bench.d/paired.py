"""paired.py RUNS TITLE NAME=COMMAND…: each command many times, in turn, so that a busy moment meets all of them; the first is
the floor. A command may be a pipeline of programs with ` | ` between them. Prints medians, and the ratios to the floor of the
same turn with their middle half. Adds a line of JSON for each to the file that BENCH_RESULTS names."""

import json
import os
import random
import shlex
import statistics
import subprocess
import sys
import time


def start(stages):
    """Starts the programs of a pipeline."""
    pids, source = [], None
    for stage in stages[:-1]:
        following, target = os.pipe()
        pids.append(spawn(stage, source, target))
        source = following
    pids.append(spawn(stages[-1], source, sink))
    return pids


def spawn(argv, source, target):
    actions = [(os.POSIX_SPAWN_DUP2, target, 1)]
    if source is not None:
        actions.insert(0, (os.POSIX_SPAWN_DUP2, source, 0))
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
    for end in {source, target} - {None, sink}:
        os.close(end)
    return pid


def run(stages):
    """Wall and CPU time in milliseconds."""
    begun = time.perf_counter()
    cpu = 0
    for pid in start(stages):
        _, status, usage = os.wait4(pid, 0)
        cpu += usage.ru_utime + usage.ru_stime
        if status:
            sys.exit(f"failed: {' | '.join(map(shlex.join, stages))}")
    return (time.perf_counter() - begun) * 1000, cpu * 1000


def peak(stages):
    """The most memory of one of the programs in MiB. Python is larger than what it would measure, so time(1) starts them."""
    file = f"peak.{os.getpid()}"
    timed = [["/usr/bin/time", "-a", "-o", file, "-f", "%M", *argv] for argv in stages]
    run(timed)
    with open(file) as told:
        most = max(int(line) for line in told)
    os.remove(file)
    return most / 1024


def commands(text):
    return [shlex.split(stage) for stage in text.split(" | ")]


def quartiles(values):
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3


sink = os.open("/dev/null", os.O_WRONLY | os.O_CLOEXEC)
runs, title = int(sys.argv[1]), sys.argv[2]
named = {name: commands(command) for name, command in (word.split("=", 1) for word in sys.argv[3:])}
times = {name: [] for name in named}
for turn in range(-runs // 20, runs):
    for name in random.sample(list(named), len(named)):
        took = run(named[name])
        if turn >= 0:
            times[name].append(took)

floor = times[next(iter(times))]
print(f"\n{title:<46} {'wall ms':>9} {'CPU ms':>9} {'peak MiB':>8}  {'wall × floor':<18} {'CPU × floor':<18}", flush=True)
with open(os.environ["BENCH_RESULTS"], "a") as results:
    for name, stages in named.items():
        row = {"title": title, "name": name, "peak": peak(stages)}
        for at, kind in enumerate(["wall", "CPU"]):
            row[kind] = statistics.median(took[at] for took in times[name])
            row[f"{kind} ratio"] = quartiles([took[at] / least[at] for took, least in zip(times[name], floor)])
        shown = ["{1:.2f} ({0:.2f}–{2:.2f})".format(*row[f"{kind} ratio"]) for kind in ("wall", "CPU")]
        print(f"{name:<46} {row['wall']:9.2f} {row['CPU']:9.2f} {row['peak']:8.1f}  {shown[0]:<18} {shown[1]:<18}", flush=True)
        print(json.dumps(row), file=results)

"""Lets the tests judge Stryker's mutants: judge.py RESULTS PROJECT TESTS.dll [--fresh] [--rest] [FILE...]. MutantJudge.cs is the program that it gives orders to."""
import fcntl
import fnmatch
import hashlib
import json
import os
import pathlib
import queue
import select
import subprocess
import sys
import threading

# Tests of other areas, which reach these from afar.
LEFT_OUT = (".Hub.", ".Backends.", ".Tokenization.", ".Evaluation.", ".Soak.")
# A test that takes longer judges nothing: what only such a test reaches counts as not covered.
LONGEST_COVERAGE = 10
# Seconds of tests that a mutant is given, the quickest tests first: those that follow could only find more.
BUDGET = float(os.environ.get("MUTATION_SECONDS", "2"))
# The same for what is computed once in a process: only the first test was seen to reach it, and any may depend on it.
STATIC_BUDGET = 10.0
BATCH = 10


class Ended(Exception):
    """The process crashed, or was stopped because it computed for too long."""


class Worker:
    """A process of tests. Its limits are seconds of a processor, so that a busy machine changes no verdict."""

    def __init__(self, tests, assembly, mutant=None):
        arguments = ["dotnet", "exec", tests, assembly] + ([str(mutant)] if mutant is not None else [])
        environment = dict(os.environ, DOTNET_GCHeapHardLimit="100000000", DOTNET_TieredPGO="0", DOTNET_DbgEnableMiniDump="0")
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=os.path.dirname(tests), env=environment)
        self.names = {entry["Key"]: entry["Value"] for entry in self._answer(60)}

    def computed(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _answer(self, seconds):
        start, idle, last = self.computed(), 0, -1.0
        while not select.select([self.process.stdout], [], [], 1)[0]:
            now = self.computed()
            idle = idle + 1 if now == last else 0
            last = now
            # A test that waits for what never comes computes nothing; neither does one whose process is stopped for a while.
            if now - start > seconds or idle > 900:
                self.stop()
                raise Ended("Timeout")
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            raise Ended("Killed")
        return json.loads(line)

    def order(self, line, seconds):
        try:
            self.process.stdin.write((line + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            self.stop()
            raise Ended("Killed") from None
        return self._answer(seconds)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Judge:
    def __init__(self, tests, assembly):
        self.tests, self.assembly = tests, assembly
        self.coverage = {}
        self.names = {}

    def start(self, mutant=None):
        worker = Worker(self.tests, self.assembly, mutant)
        if mutant is None and self.coverage:
            # Static data must not be made while a mutant is switched on.
            quick = [test for test in self.coverage if self.coverage[test]["seconds"] < 0.05]
            worker.order(f"judge -1 {' '.join(quick)}", self.limit(quick))
        return worker

    def cover(self, stored):
        """What each test reaches; asked again only where the tests have changed."""
        built = hashlib.sha256(pathlib.Path(self.tests).read_bytes()).hexdigest()
        if stored.exists() and (known := json.loads(stored.read_text()))["tests"] == built:
            self.names, self.coverage = known["names"], known["coverage"]
            return
        worker, ends = self.start(), 0
        self.names = worker.names
        for test, name in sorted(self.names.items(), key=lambda entry: entry[1]):
            if any(text in name for text in LEFT_OUT):
                continue
            start = worker.computed()
            try:
                answer = worker.order(f"cover {test}", LONGEST_COVERAGE)
            except Ended as ended:
                print(f"left out, {ended}: {name}", flush=True)
                worker = self.start()
                ends += 1
                if ends > 40:
                    sys.exit("Too many tests end their process; something is wrong with it.")
                continue
            if answer["fails"]:
                print(f"left out, fails without a mutant: {name}", flush=True)
                continue
            self.coverage[test] = answer
            if worker.computed() - start > 5:
                print(f"{worker.computed() - start:.0f} s: {name}", flush=True)
        worker.stop()
        stored.write_text(json.dumps({"tests": built, "names": self.names, "coverage": self.coverage}))

    def tests_of(self, mutants):
        reached = [test for test, answer in self.coverage.items() if not mutants.isdisjoint(answer["reached"])]
        chosen, seconds = [], 0.0
        for test in sorted(reached, key=lambda test: self.coverage[test]["seconds"]):
            seconds += self.coverage[test]["seconds"]
            if chosen and seconds > BUDGET:
                break
            chosen.append(test)
        return chosen

    def tests_of_static(self, of_file):
        """Those that reach the file first, then all others."""
        first, seconds, chosen = set(self.tests_of(of_file)), 0.0, []
        for test in sorted(self.coverage, key=lambda test: (test not in first, self.coverage[test]["seconds"])):
            seconds += self.coverage[test]["seconds"]
            if seconds > STATIC_BUDGET:
                break
            chosen.append(test)
        return chosen

    def limit(self, tests):
        return 5 + 4 * sum(self.coverage[test]["seconds"] for test in tests)

    def judge(self, worker, mutant, tests):
        """The status, and the test that noticed."""
        try:
            answer = worker.order(f"judge {mutant} {' '.join(tests)}", self.limit(tests))
        except Ended as ended:
            return str(ended), None
        return ("Killed", answer["killer"]) if answer["killer"] else ("Survived", None)


def judge_all(judge, mutants, of_file, static, is_again, report):
    work = queue.Queue()
    # What noticed one change of a file is likely to notice the next.
    noticed = {}

    def in_order(tests, mutant):
        ranks = noticed.setdefault(min(of_file[mutant]), {})
        return sorted(tests, key=lambda test: -ranks.get(test, 0))

    for start in range(0, len(mutants), BATCH):
        work.put(mutants[start:start + BATCH])

    def is_fresh(mutant):
        return is_again or mutant in static

    def afresh(mutant, tests):
        try:
            worker = judge.start(mutant)
        except Ended as ended:
            return str(ended), None
        result = judge.judge(worker, mutant, tests)
        if worker.process.poll() is None:
            worker.stop()
        return result

    def run():
        worker = judge.start()
        while True:
            try:
                batch = work.get_nowait()
            except queue.Empty:
                worker.stop()
                return
            killers, results = [], {}
            for mutant in batch:
                tests = judge.tests_of({mutant})
                in_process = tests and not is_fresh(mutant)
                results[mutant] = judge.judge(worker, mutant, in_order(tests, mutant)) if in_process else ("NoCoverage" if not tests else "Survived", None)
                if worker.process.poll() is not None:
                    worker = judge.start()
                if results[mutant][1]:
                    killers.append(results[mutant][1])
                    ranks = noticed[min(of_file[mutant])]
                    ranks[results[mutant][1]] = ranks.get(results[mutant][1], 0) + 1
                elif results[mutant][0] in ("Survived", "NoCoverage") and is_fresh(mutant):
                    tests = judge.tests_of_static(of_file[mutant]) if mutant in static else judge.tests_of(of_file[mutant])
                    again = afresh(mutant, tests) if tests else results[mutant]
                    if again[0] != "Survived":
                        results[mutant] = again
            # A mutant may leave something behind that makes later tests fail: then each of the batch gets a process of its own.
            unique = list(dict.fromkeys(killers))
            if unique and judge.judge(worker, -1, unique)[0] != "Survived":
                print(f"judged again, each in a process of its own: {len(batch)} mutants", flush=True)
                if worker.process.poll() is None:
                    worker.stop()
                worker = judge.start()
                for mutant in batch:
                    if results[mutant][0] == "Killed":
                        results[mutant] = afresh(mutant, judge.tests_of({mutant}))
            report(results)

    threads = [threading.Thread(target=run) for _ in range(int(os.environ.get("MUTATION_WORKERS", "2")))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    is_again, is_rest = "--fresh" in sys.argv, "--rest" in sys.argv
    folder, project, tests, *globs = [argument for argument in sys.argv[1:] if argument not in ("--fresh", "--rest")]
    stored = pathlib.Path(folder) / f"{project}.judged.json"
    judged = json.loads(stored.read_text()) if stored.exists() else {}
    files, static = {}, set()
    for path, file in json.loads((pathlib.Path(folder) / f"{project}.mutants.json").read_text())["files"].items():
        name = path.replace("\\", "/").split(f"{project}/")[-1]
        mutants = [int(mutant["id"]) for mutant in file["mutants"] if mutant["status"] not in ("CompileError", "Ignored")]
        if mutants and (not globs or any(fnmatch.fnmatch(name, glob) for glob in globs)):
            files[name] = mutants
            static.update(int(mutant["id"]) for mutant in file["mutants"] if mutant.get("static"))
    judge = Judge(tests, project)
    judge.cover(pathlib.Path(folder) / f"{project}.coverage.json")
    every = [mutant for name in sorted(files) for mutant in files[name]]
    print(f"{len(judge.coverage)} of {len(judge.names)} tests judge {len(every)} mutants of {len(files)} files", flush=True)
    done = 0

    def report(results):
        nonlocal done
        # Other processes may judge other files meanwhile.
        with open(stored.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = json.loads(stored.read_text()) if stored.exists() else {}
            for mutant, (status, killer) in results.items():
                known[str(mutant)] = {"status": status, "killer": judge.names.get(killer)}
            stored.write_text(json.dumps(known))
            done += len(results)
            print(f"{done} of {len(every)}", flush=True)

    # What is computed once in a process, by the code or for the tests, is computed without the mutant unless that is there from the start.
    # A process for each survivor takes long; with --fresh, the survivors of an earlier judgement get one.
    if is_again:
        every = [mutant for mutant in every if judged.get(str(mutant), {}).get("status") in ("Survived", "NoCoverage")]
    if is_rest:
        every = [mutant for mutant in every if str(mutant) not in judged]
    of_file = {mutant: set(mutants) for mutants in files.values() for mutant in mutants}
    judge_all(judge, every, of_file, static, is_again, report)


main()

#!/usr/bin/env python3
"""A hub and eight nodes as real processes over mutual TLS, killed at every step of a round: `region.py PENC_UNDER_TEST SOURCE`.

Every office keeps one charge a round, whatever dies: it is counted once, or given back on a certificate. The hub dies in the middle and
goes on; a steward is gone for good and the others open without it; offices sleep past a deadline. Deadlines are not waited for: all
processes read their clocks' lead from one file. PENC_REGION_KILLS (default 6) random moments besides the named steps. Every party is
a host of its own (a network namespace) where the machine allows it, so that lines can be cut; else all share loopback.
"""
import json, os, random, signal, socket, subprocess, sys, tempfile, time

penc, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
kills = int(os.environ.get("PENC_REGION_KILLS", "6"))
seed = int(os.environ.get("PENC_REGION_SEED", "20261126"))
dice = random.Random(seed)
print(f"seed {seed}, {kills} random moments")
work = tempfile.TemporaryDirectory()
clock = f"{work.name}/clock"
OFFICES = 8
EDITION = "2026-Q3"
SQL = "SELECT sex, count(DISTINCT person) FROM person GROUP BY sex"
lead = 0


def move_clock(seconds):
    global lead
    lead += seconds
    with open(clock + ".new", "w") as f:
        f.write(str(lead))
    os.rename(clock + ".new", clock)


class Hosts:
    """Network namespaces on one switch: 0 the hub, 1 the partner, 2 + i office i."""

    def __init__(self, count):
        self.names = [f"penc{os.getpid()}x{i}" for i in range(count)]
        self.switch = f"penc{os.getpid()}sw"
        self.there = False
        try:
            for name in [self.switch, *self.names]:
                self.ip("netns", "add", name)
            self.ip("-n", self.switch, "link", "add", "br0", "type", "bridge")
            self.ip("-n", self.switch, "link", "set", "br0", "up")
            for i, name in enumerate(self.names):
                self.ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", f"port{i}", "netns", self.switch)
                self.ip("-n", self.switch, "link", "set", f"port{i}", "master", "br0", "up")
                self.ip("-n", name, "addr", "add", f"{self.address(i)}/24", "dev", "eth0")
                self.ip("-n", name, "link", "set", "eth0", "up")
                self.ip("-n", name, "link", "set", "lo", "up")
            self.there = True
        except (OSError, subprocess.CalledProcessError):
            self.remove()
            print("no network namespaces here: all parties share loopback")

    @staticmethod
    def ip(*arguments):
        subprocess.run(["ip", *arguments], check=True, capture_output=True)

    @staticmethod
    def address(i):
        return f"10.97.0.{i + 1}"

    def on(self, i):
        return ["ip", "netns", "exec", self.names[i]] if self.there else []

    def cut(self, i, cut=True):
        self.ip("-n", self.names[i], "link", "set", "eth0", "down" if cut else "up")

    def remove(self):
        for name in [self.switch, *self.names]:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)


hosts = Hosts(OFFICES + 2)


def environment(kill_at=None):
    return dict(os.environ, PENC_TEST_CLOCK_FILE=clock, **({"PENC_TEST_KILL_AT": kill_at} if kill_at else {}))


def run(*arguments, ok=(0,), timeout=120, host=1):
    done = subprocess.run([*hosts.on(host), penc, "--lang", "en", *arguments], capture_output=True, text=True, timeout=timeout, env=environment())
    assert done.returncode in ok, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    def __init__(self, name, host, *arguments):
        self.name, self.host, self.arguments, self.process = name, host, arguments, None

    def start(self, kill_at=None):
        self.log = open(f"{work.name}/{self.name}.log", "a")
        self.starts = open(self.log.name).read().count("Ctrl-C")
        self.process = subprocess.Popen([*hosts.on(self.host), penc, "--lang", "en", *self.arguments], env=environment(kill_at),
                                        stdout=self.log, stderr=self.log)
        return self

    def ready(self):
        """It says itself that it is there."""
        wait_for(self.name, lambda: open(self.log.name).read().count("Ctrl-C") > self.starts)
        return self

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.alive():
            self.process.kill()
        self.process.wait()

    def stop(self):
        if self.alive():
            self.process.terminate()
            try:
                assert self.process.wait(30) == 0, f"{self.name} did not stop cleanly"
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise

    def died(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return self.process.returncode == -signal.SIGKILL


net, analyst = f"{work.name}/net", f"{work.name}/analyst"
dirs = [f"{work.name}/office{i}" for i in range(OFFICES)]
hub_address = f"{hosts.address(0)}:7410" if hosts.there else f"127.0.0.1:{free_port()}"
hub = Process("hub", 0, "hub", net)
nodes = [Process(f"office{i}", 2 + i, "serve", d) for i, d in enumerate(dirs)]


def wait_for(what, condition, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return
        time.sleep(0.1)
    logs = "".join(open(f"{work.name}/{p.name}.log").read() for p in [hub, *nodes] if os.path.exists(f"{work.name}/{p.name}.log"))
    raise AssertionError(f"{what} did not come\n{logs[-4000:]}")


def found():
    move_clock(0)
    run("network", "create", net, "--name", "essai", "--address", hub_address, "--roots", "2", "--threshold", "2")
    hub.start().ready()
    for i, d in enumerate(dirs):
        run("init", d, "--name", f"Association {i}", "--policy", f"{source}/policy/profiles/demo.yaml", "--listen", f"127.0.0.1:{free_port()}")
        run("demo", "records", f"{d}.csv", "--persons", str(40 + 7 * i), "--seed", str(i), "--prefix", f"A{i}-")
        run("import", d, f"{d}.csv/person.csv", "--table", "person")
        run("close", d, "--label", EDITION)
        invitation = run("network", "invite", net, "--name", f"Association {i}").stdout
        with open(f"{d}.network", "w") as f:
            f.write(invitation)
        run("network", "join", d, f"{d}.network", "--steward", host=2 + i)
    run("network", "roster", net, "--compose", ok=(4,))  # it waits for signatures
    for k in (1, 2):
        run("network", "roster", net, "--sign", f"{net}/roots/root-{k}.key", ok=(4,) if k == 1 else (0,))
    run("partner", "init", analyst, "--name", "analyst")
    with open(f"{work.name}/essai.network", "w") as f:
        f.write(run("network", "invite", net, "--partner", f"{analyst}/analyst.pub").stdout)
    run("partner", "trust", analyst, f"{work.name}/essai.network")
    for d in dirs:
        run("grant", d, f"{analyst}/analyst.pub", "--share", "100%", "--purpose", "test", "--table", "person", "--until", "2028-01-01")
    for node in nodes:
        node.start()
    for node in nodes:
        node.ready()


class Asking:
    """A partner's ask in the background."""

    def __init__(self, within="60s", ok=(0,)):
        self.ok = ok
        self.process = subprocess.Popen(
            [*hosts.on(1), penc, "--lang", "en", "ask", "--hub", "essai", "--as", analyst, "--purpose", "test", "--budget", "0.5%", "--within", within,
             "--edition", EDITION, "--json", SQL], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())

    def submitted(self):
        """Waits until the hub has the round: before, a partner whom it does not answer is told to try again."""
        for line in self.process.stderr:
            if " submitted" in line:
                return
        raise AssertionError(f"not submitted: exit {self.process.wait()}")

    def answer(self, seconds=90):
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"no answer in {seconds} s:\n{err}\n" + "".join(open(f"{work.name}/{p.name}.log").read()[-1500:] for p in [hub, *nodes]))
        assert self.process.returncode in self.ok, f"ask: exit {self.process.returncode}\n{out}\n{err}"
        return json.loads(out) if out.strip() else {}


def rounds(d):
    return json.loads(run("rounds", d, "--json").stdout).get("rounds", {}).get("rounds", [])


def state(d, round_id):
    return [r["state"] for r in rounds(d) if r["roundId"] == round_id]


def spent():
    """What each office has charged, net of what was given back, in parts per million."""
    return [json.loads(run("budget", d, "--json").stdout)["budget"]["cohorts"][0].get("spentPpm", 0) for d in dirs]


def charges():
    """How many rounds' charges each office bears; shares are shown rounded."""
    return [round(ppm / price) for ppm in spent()]


def open_round(asking, expect, patience=40):
    """Moves the clock from deadline to deadline until the answer is there."""
    for _ in range(12):
        try:
            asking.process.wait(patience)
            break
        except subprocess.TimeoutExpired:
            move_clock(61)
    answer = asking.answer()
    assert answer.get("answered") == expect, f"{answer.get('answered')} answered, {expect} expected: {answer.get('regional')}"
    return answer


def case(name):
    print(f"- {name}", flush=True)


def restart_everybody():
    for process in [hub, *nodes]:
        if not process.alive():
            process.start().ready()


try:
    found()

    case("eight of eight answer, and everybody reads the same")
    answer = Asking().answer()
    assert answer["answered"] == 8, answer
    price = spent()[0]
    assert price > 0 and len(set(spent())) == 1
    first = answer["regional"]["roundId"]
    wait_for("the members' records", lambda: all(os.path.exists(f"{d}/answers/{first}.penc") for d in dirs))
    verified = run("answer", "verify", f"{dirs[3]}/answers/{first}.penc", "--network", f"{work.name}/essai.network")
    charged = 1

    steps = ["round.after_seen", "ask.before_reserve", "ask.after_reserve", "ask.after_extract", "round.after_file", "ask.before_commit",
             "ask.after_commit", "round.after_built", "round.after_header_sent", "round.after_chunk_sent"]
    for step in steps:
        case(f"an office dies at {step} and comes back")
        victim = nodes[dice.randrange(OFFICES)]
        victim.stop()
        victim.start(kill_at=step)
        asking = Asking()
        assert victim.died(30), f"{step} was not reached"
        victim.start().ready()
        open_round(asking, 8)
        charged += 1
        assert charges() == [charged] * OFFICES, f"{charges()}, {charged} expected"

    stewards = ["round.after_vote", "round.after_vote_sent", "round.after_release", "round.after_opening_sent"]
    for step in stewards:
        case(f"stewards die at {step} and come back")
        victims = dice.sample(nodes, 3)
        for victim in victims:
            victim.stop()
            victim.start(kill_at=step)
        asking = Asking()
        end = time.time() + 30
        while time.time() < end and sum(not v.alive() for v in victims) < 2:  # one of eight is no steward
            time.sleep(0.1)
        assert sum(not v.alive() for v in victims) >= 2, f"{step} was not reached"
        time.sleep(0.5)
        for victim in victims:
            victim.kill()
            victim.start().ready()
        open_round(asking, 8)
        charged += 1
        assert charges() == [charged] * OFFICES, f"{charges()}, {charged} expected"

    case("the hub dies again and again, and goes on")
    asking = Asking()
    asking.submitted()
    for _ in range(4):
        time.sleep(dice.random() * 0.5)
        hub.kill()
        hub.start().ready()
    # Offices come back with growing pauses; a clock that jumps meanwhile would make the partner give the hub up.
    open_round(asking, 8, patience=60)
    charged += 1

    for i in range(kills):
        victim = dice.choice([hub, *nodes])
        case(f"{victim.name} dies at a random moment ({i + 1} of {kills})")
        asking = Asking()
        time.sleep(dice.random() * 1.2)
        victim.kill()
        time.sleep(dice.random() * 0.5)
        victim.start().ready()
        open_round(asking, 8, patience=60)
        charged += 1
    assert charges() == [charged] * OFFICES, f"{charges()}, {charged} expected"

    if hosts.there:
        case("an office's line is cut, and comes back by itself")
        asking = Asking()
        hosts.cut(2 + 3)
        time.sleep(4)
        hosts.cut(2 + 3, False)
        open_round(asking, 8)
        charged += 1
        assert charges() == [charged] * OFFICES, f"{charges()}, {charged} expected"

    case("offices sleep past the deadline: six of eight, and they pay nothing")
    for i in (2, 5):
        nodes[i].stop()
    open_round(Asking(), 6, patience=6)
    for i in (2, 5):
        nodes[i].start().ready()
    restart_everybody()
    charged += 1
    borne = charges()
    assert [borne[i] for i in (2, 5)] == [charged - 1] * 2 and borne[0] == charged, borne

    case("a steward that contributed is gone for good: the others open without it")
    for victim in nodes[:2]:  # at least one of two is a steward
        victim.stop()
        victim.start(kill_at="round.after_vote_sent")
    open_round(Asking(), 8, patience=10)
    assert any(not victim.alive() for victim in nodes[:2])
    restart_everybody()
    charged += 1
    assert charges()[0] == charged

    case("four of eight: the round ends void, everything is given back")
    before = spent()
    for i in (0, 1, 2, 3):
        nodes[i].stop()
    asking = Asking(ok=(3,))
    time.sleep(3)
    move_clock(61)
    for i in (0, 1, 2, 3):
        nodes[i].start().ready()
    open_void = time.time() + 60
    while asking.process.poll() is None and time.time() < open_void:
        time.sleep(2)
        move_clock(61)
    asking.answer()
    wait_for("the refunds", lambda: spent() == before, 30)

    for process in [*nodes, hub]:
        process.stop()
    for d in dirs:
        assert "verified" in run("journal", "verify", d).stdout
    print("region: every step was survived")
finally:
    for process in [*nodes, hub]:
        if process.alive():
            process.kill()
    hosts.remove()

"""The program under test, and what is expected of it: for the scripts beside, which all run as `SCRIPT.py PENC SOURCE_DIR`.

    from program import end, expect, must, run, source, work
    must("init", "office", "--name", "ALCRER")
    expect("no batch yet", run("undo", "office", "1"), 2, "no batch 1")
    end("batches")
"""
import os, re, subprocess, sys, tempfile

penc, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
under_test = os.path.join(os.path.dirname(penc), "tests", "penc_under_test")  # with hooks
work = tempfile.TemporaryDirectory()
failures, checks = [], 0


def run(*arguments, program=penc, lang="en", env=None, user=None, stdin=None, stdout=subprocess.PIPE):
    """To its end. `lang`: None leaves it to the environment, of which `env` is what is changed. `user`: somebody else runs it."""
    prefix = ["setpriv", f"--reuid={user}", "--clear-groups"] if user else []
    return subprocess.run([*prefix, program, *(["--lang", lang] if lang else []), *arguments], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                          text=True, errors="replace", timeout=180, env={**os.environ, **(env or {})})


def ran(*arguments, code=0, **how):
    """A step without which nothing that follows makes sense: it ends with `code`, or the script ends."""
    done = run(*arguments, **how)
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def must(*arguments, **how):
    return ran(*arguments, **how).stdout


def holds(what, is_so):
    global checks
    checks += 1
    if not is_so:
        failures.append(what)


def expect(what, done, code, *said):
    """Its exit code, and patterns that stand in what it printed."""
    text = (done.stdout or "") + done.stderr
    missing = [pattern for pattern in said if not re.search(pattern, text)]
    holds(f"{what}: exit {done.returncode}, expected {code}; not said: {missing}; said: {text!r}", done.returncode == code and not missing)


def end(name):
    for failure in failures:
        print("FAILED", failure[:700])
    print(f"{name}: {checks} checks, {len(failures)} failures")
    sys.exit(1 if failures else 0)

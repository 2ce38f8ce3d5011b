"""Races one refresh token and one backup code on Ashlar and on a Django stack, and prints a table.

By hand: `cargo xtask peers`, which installs the packages, starts PostgreSQL and calls this with
`--ashlar PROGRAM --postgres URL`. All requests stay on this machine; every loop is bounded.
"""

import argparse
import contextlib
import importlib.metadata
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from sides import Ashlar, Stack
from wire import free_port, post, race, served

HERE = Path(__file__).parent


@contextlib.contextmanager
def database(server):
    """A PostgreSQL database of its own."""
    name = f"peers_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def stack(folder, url, way, throttle):
    """Three workers with two threads each, as many small installations have."""
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "stack.settings",
        "STACK_DATABASE": url,
        "STACK_THROTTLE": throttle,
    }
    log = folder / "django.log"
    with open(log, "ab") as output:
        migrate = [sys.executable, "-m", "django", "migrate"]
        subprocess.run(migrate, env=variables, stdout=output, stderr=output, check=True, timeout=120)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "stack.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "3", "--threads", "2"]
    with served(command, port, log, env=variables, cwd=HERE):
        yield Stack(port, way)


@contextlib.contextmanager
def ashlar(program, folder, url, processes):
    """As many processes as asked for, on one database."""
    with contextlib.ExitStack() as running:
        ports = []
        for number in range(processes):
            port = free_port()
            variables = {
                "ASHLAR_DATA_DIR": str(folder / "data"),
                "ASHLAR_LISTEN": f"127.0.0.1:{port}",
                "ASHLAR_PUBLIC_URL": "http://ashlar.test",
                "ASHLAR_ADMIN_LISTEN": "off",
                "ASHLAR_RATE_LIMITS": "off",
                "ASHLAR_DEMO": "false",
            }
            if url:
                variables["ASHLAR_DATABASE_URL"] = url
            log = folder / f"ashlar{number}.log"
            ports.append(running.enter_context(served([program, "serve"], port, log, env=variables, cwd=folder)))
        yield Ashlar(ports)


def is_alive(side, token):
    port, path, body = side.refreshes(token, 1)[0]
    return post(port, path, body)[0] == 200


def race_refreshes(side, rounds, times):
    """How many successors of one token live, round by round."""
    living = []
    for _ in range(rounds):
        answers = race(side.refreshes(side.refresh_token(), times))
        successors = {side.successor(answer) for answer in answers} - {None}
        living.append(sum(is_alive(side, token) for token in successors))
    several = sum(count > 1 for count in living)
    return f"{several} of {rounds} (at worst {max(living)})", f"{living.count(0)} of {rounds}"


def replay(side):
    """What becomes of the thief and of the owner when a token that was replaced twice comes again."""
    first = side.refresh_token()
    token = first
    for _ in range(2):
        token = side.successor(post(*side.refreshes(token, 1)[0]))
    status, _ = post(*side.refreshes(first, 1)[0])
    return f"{status}, and the successor {'lives on' if is_alive(side, token) else 'is dead'}"


def race_codes(side, rounds, times):
    """How often one code was accepted, round by round, and answers that were none."""
    accepted, errors = [], 0
    for _ in range(rounds):
        answers = race(side.uses_of_a_code(times))
        accepted.append(sum(status == 200 for status, _ in answers))
        errors += sum(status >= 500 for status, _ in answers)
    twice = sum(count > 1 for count in accepted)
    return f"{twice} of {rounds} (at worst {max(accepted)})", f"{accepted.count(0)} of {rounds}", str(errors)


def contenders(options, url):
    """A name and what starts it, for each."""
    sqlite = lambda folder: f"sqlite://{folder}/db.sqlite3"  # noqa: E731
    yield "simplejwt, django-otp; SQLite", lambda at: stack(at, sqlite(at), "advised", "1")
    yield "the same, `device.verify_token`, no throttle", lambda at: stack(at, sqlite(at), "own", "0")
    yield "simplejwt, django-otp; PostgreSQL", lambda at: stack(at, url(), "advised", "1")
    yield "the same, `device.verify_token`, no throttle", lambda at: stack(at, url(), "own", "0")
    yield "Ashlar; SQLite", lambda at: ashlar(options.ashlar, at, None, 1)
    yield "Ashlar, two processes; PostgreSQL", lambda at: ashlar(options.ashlar, at, url(), 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ashlar", required=True, help="the program")
    parser.add_argument("--postgres", required=True, help="a superuser's URL")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--parallel", type=int, default=4)
    options = parser.parse_args()
    names = ["django", "djangorestframework", "djangorestframework-simplejwt", "django-otp", "gunicorn", "psycopg"]
    print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in names))
    print(f"{options.rounds} rounds of {options.parallel} requests at once\n")
    print("| | several living successors of one refresh token | no living successor | a replaced token comes again "
          "| one backup code counted more than once | counted for nobody | answers 5xx to the codes |")
    print("|---|---|---|---|---|---|---|")
    with contextlib.ExitStack() as databases:
        url = lambda: databases.enter_context(database(options.postgres))  # noqa: E731
        for name, start in contenders(options, url):
            with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as side:
                several, none = race_refreshes(side, options.rounds, options.parallel)
                cells = [name, several, none, replay(side), *race_codes(side, options.rounds, options.parallel)]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()

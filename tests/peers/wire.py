"""Requests that leave at one moment, and servers that end with this program."""

import contextlib
import http.client
import json
import socket
import subprocess
import threading
import time

PATIENCE = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def served(command, port, log, **options):
    """A program while it listens on `port`."""
    with open(log, "ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{command[0]} does not listen; see {log}") from None
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()


class Line:
    """A connection to one server, opened before the race."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.connection.connect()

    def post(self, path, body, token=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.connection.request("POST", path, json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        with contextlib.suppress(ValueError):
            return answer.status, json.loads(text)
        return answer.status, {}


def post(port, path, body, token=None):
    return Line(port).post(path, body, token)


def race(requests):
    """Sends all `(port, path, body)` at once; the answers."""
    lines = [Line(port) for port, _, _ in requests]
    answers = [None] * len(requests)
    start = threading.Barrier(len(requests))

    def run(index):
        _, path, body = requests[index]
        start.wait(PATIENCE)
        answers[index] = lines[index].post(path, body)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE)
    for line in lines:
        line.connection.close()
    return answers

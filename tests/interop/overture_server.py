"""A real `overture serve` on a temporary folder, and a small client of its desk API."""

import base64
import gzip
import http.cookiejar
import json
import os
import pathlib
import queue
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
LISTENING_WITHIN_S = 30
ARRIVED_WITHIN_S = 20


def wait_for(what, condition, within_s=ARRIVED_WITHIN_S):
    """Asks `condition` until it answers with something true; returns that."""
    deadline = time.monotonic() + within_s
    last = None
    while time.monotonic() < deadline:
        last = condition()
        if last:
            return last
        time.sleep(0.05)  # between two questions, not instead of one
    raise AssertionError(f"not within {within_s} s: {what}; the last answer was {last!r}")


class Answer:
    """What the server answered, whatever its status."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """Starts the server, and stops it with its data when the `with` block ends."""

    def __init__(self, *args, environment=None):
        self._args = args
        self._environment = {**os.environ, **(environment or {})}
        self._folder = tempfile.mkdtemp(prefix="overture-interop-")
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(self._cookies),
        )
        self._csrf = None
        self._token = None
        self._chats = set()

    def __enter__(self):
        binary = os.environ.get("OVERTURE_BIN", str(ROOT / "target" / "debug" / "overture"))
        log = open(pathlib.Path(self._folder) / "server.log", "wb")
        self._process = subprocess.Popen(
            [binary, "serve", "--data-dir", f"{self._folder}/data", "--listen", "127.0.0.1:0", "--print", "json", *self._args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=self._folder,
            env=self._environment,
        )
        log.close()
        lines = queue.Queue()

        def read():
            for line in self._process.stdout:
                lines.put(line)

        threading.Thread(target=read, daemon=True).start()
        try:
            printed = json.loads(lines.get(timeout=LISTENING_WITHIN_S))
        except (queue.Empty, ValueError) as error:
            self._stop()
            raise AssertionError(f"the server did not say that it listens: {error!r}\n{self.log()}") from error
        self.url = printed["url"].rstrip("/")
        self.write_key = printed["write_key"]
        self.admin_email = printed["admin_email"]
        self.admin_password = printed["admin_password"]
        wait_for("the server is ready", lambda: self.ask("GET", "/readyz").status == 200)
        return self

    def __exit__(self, *_):
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def log(self):
        return (pathlib.Path(self._folder) / "server.log").read_text(errors="replace")[-4000:]

    def _stop(self):
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, method, path, body=None, headers=None):
        """One request; `body` is bytes, or anything that becomes JSON."""
        headers = dict(headers or {})
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body).encode()
            headers.setdefault("content-type", "application/json")
        if method != "GET" and self._csrf:
            headers.setdefault("x-csrf-token", self._csrf)
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with self._opener.open(request, timeout=15) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def login(self):
        answer = self.ask("POST", "/v1/auth/login", {"email": self.admin_email, "password": self.admin_password})
        assert answer.status == 200, (answer.status, answer.body)
        self._csrf = answer.json["csrf"]

    def get(self, path):
        answer = self.ask("GET", path)
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.json

    def capture(self, batch, key=None, zipped=False, path="/v1/batch"):
        """A batch as a client without a library would send it."""
        body = json.dumps({"batch": batch}).encode()
        token = base64.b64encode(f"{key or self.write_key}:".encode()).decode()
        headers = {"authorization": f"Basic {token}", "content-type": "application/json"}
        if zipped:
            body = gzip.compress(body)
            headers["content-encoding"] = "gzip"
        return self.ask("POST", path, body, headers)

    def customer(self, query):
        """The one customer that the search finds, once it finds one."""
        path = "/v1/customers?" + urllib.parse.urlencode({"query": query})
        found = wait_for(f"customer {query}", lambda: self.get(path)["customers"])
        assert len(found) == 1, (query, found)
        return found[0]["customer"]

    def open_chat(self, customer):
        """Opens a chat for the customer: what a visit did goes to the timeline once something comes of it."""
        if customer in self._chats:
            return
        if not self._token:
            answer = self.ask("POST", "/v1/admin/tokens", {"name": "interop", "scopes": ["grants"]})
            assert answer.status == 200, (answer.status, answer.body)
            self._token = answer.json["secret"]
        grant = {"customer": customer, "limit": 1, "ttl_s": 3600, "channels": ["chat"]}
        answer = self.ask("POST", "/v1/grants", grant)
        assert answer.status == 200, (answer.status, answer.body)
        use = {"token": answer.json["token"], "channel": "chat", "idempotency_key": customer}
        answer = self.ask("POST", "/v1/grants/redeem", use, {"authorization": f"Bearer {self._token}"})
        assert answer.status == 200, (answer.status, answer.body)
        self._chats.add(customer)

    def timeline(self, customer):
        return self.get(f"/v1/customers/{customer}/timeline?limit=100")["items"]

    def names(self, customer):
        """The names of the customer's own events, oldest first."""
        items = sorted(self.timeline(customer), key=lambda item: item["seq"])
        return [item["name"] for item in items if item["kind"] == "custom"]

    def wait_for_names(self, customer, expected):
        """Waits until the customer's own events are exactly these, in any order."""
        self.open_chat(customer)
        wait_for(
            f"events {expected} of {customer}",
            lambda: sorted(self.names(customer)) == sorted(expected) or (self.names(customer) and None),
        )

"""What a careless or hostile sender posts: each has a clear answer, and loses nothing else."""

import base64
import gzip
import unittest
import uuid

from overture_server import Server, wait_for

EVENT_BYTES_MAX = 32 * 1024
BATCH_BYTES_MAX = 500 * 1024


def track(person, name, **more):
    return {"type": "track", "event": name, "userId": person, "messageId": str(uuid.uuid4()), **more}


def identify(person):
    return {"type": "identify", "userId": person, "messageId": str(uuid.uuid4()), "traits": {"email": f"{person}@example.com"}}


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.login()

    def rejected(self):
        return self.server.get("/v1/admin/rejected")["rejected"]

    def refuse(self, answer, status, code=None):
        self.assertEqual(answer.status, status, answer.body)
        said = answer.json
        self.assertTrue(said["message"])
        if code:
            self.assertEqual(said["code"], code)
        return said

    def test_one_bad_event_among_good_ones_is_listed_and_loses_nothing(self):
        bad = [
            {"type": "track", "userId": "mix", "messageId": "bad-no-name"},
            {"type": "no-such-type", "userId": "mix", "messageId": "bad-type"},
            {"type": "track", "event": "Nobody", "messageId": "bad-no-one"},
            track("mix", "Huge", properties={"blob": "x" * EVENT_BYTES_MAX}),
            "not an object",
        ]
        before = len(self.rejected())
        self.server.capture([identify("mix")])
        customer = self.server.customer("mix@example.com")
        self.server.open_chat(customer)
        for number, event in enumerate(bad):
            answer = self.server.capture([track("mix", f"Before {number}"), event, track("mix", f"After {number}")])
            self.assertEqual(answer.status, 200, answer.body)
        good = [f"{word} {number}" for number in range(len(bad)) for word in ("Before", "After")]
        self.server.wait_for_names(customer, good)
        listed = wait_for("every bad event in the list", lambda: len(self.rejected()) >= before + len(bad) and self.rejected())
        for one in listed:
            self.assertTrue(one["reason"], one)
            self.assertTrue(one["at"] and one["source"], one)

    def test_a_batch_over_the_limit_is_refused_whole(self):
        events = [track("big", f"Event {number}", properties={"blob": "x" * 30_000}) for number in range(20)]
        self.assertGreater(sum(len(str(event)) for event in events), BATCH_BYTES_MAX)
        self.refuse(self.server.capture(events), 400)

    def test_broken_json_is_refused(self):
        headers = {"authorization": "Basic " + base64.b64encode(f"{self.server.write_key}:".encode()).decode()}
        for body in (b"{", b"", b"[]", b"null", b'{"batch": 3}', b"\xff\xfe", b'{"batch":[' * 5000):
            with self.subTest(body=body[:20]):
                self.refuse(self.server.ask("POST", "/v1/batch", body, headers), 400)

    def test_a_gzip_bomb_and_broken_gzip_are_refused(self):
        key = base64.b64encode(f"{self.server.write_key}:".encode()).decode()
        headers = {"authorization": f"Basic {key}", "content-encoding": "gzip"}
        bomb = gzip.compress(b" " * (64 * 1024 * 1024))
        self.refuse(self.server.ask("POST", "/v1/batch", bomb, headers), 400)
        self.refuse(self.server.ask("POST", "/v1/batch", b"not gzip at all", headers), 400)
        cut = gzip.compress(b'{"batch":[]}')[:-6]
        self.refuse(self.server.ask("POST", "/v1/batch", cut, headers), 400)

    def test_unknown_and_missing_write_keys_are_refused(self):
        self.refuse(self.server.capture([track("x", "X")], key="nope"), 401, "unknown_write_key")
        self.refuse(self.server.ask("POST", "/v1/batch", {"batch": [track("x", "X")]}), 401)

    def test_clocks_a_year_off_are_taken_with_the_time_of_receipt(self):
        person = "clock"
        self.server.capture([identify(person)])
        self.server.capture([track(person, "Past", timestamp="1999-01-01T00:00:00Z")])
        self.server.capture([track(person, "Future", timestamp="2199-01-01T00:00:00Z")])
        answer = self.server.capture([track(person, "Nonsense", timestamp="yesterday")])
        self.assertEqual(answer.status, 200)
        customer = self.server.customer(f"{person}@example.com")
        self.server.open_chat(customer)
        wait_for("both events", lambda: {"Past", "Future"} <= set(self.server.names(customer)))
        years = {item["at"][:4] for item in self.server.timeline(customer)}
        self.assertEqual(len(years - {"1999", "2199"}), len(years), years)

    def test_script_in_every_field_is_kept_as_text(self):
        script = "<script>alert(1)</script><img src=x onerror=alert(2)>"
        event = track("script", script, properties={script: script}, context={"page": {"path": script, "title": script}})
        self.server.capture([identify("script"), event, {**event, "type": "page", "name": script, "messageId": "p"}])
        customer = self.server.customer("script@example.com")
        self.server.open_chat(customer)
        wait_for("the event", lambda: self.server.names(customer))
        answer = self.server.ask("GET", f"/v1/customers/{customer}/timeline")
        self.assertEqual(answer.headers.get_content_type(), "application/json")
        self.assertEqual(answer.headers.get("x-content-type-options"), "nosniff")

    def test_a_client_without_a_session_reads_nothing(self):
        for path in ("/v1/customers", "/v1/desk/state", "/v1/admin/sources", "/v1/decisions", "/v1/admin/rejected"):
            with self.subTest(path=path):
                cookies, self.server._cookies._cookies = self.server._cookies._cookies, {}
                try:
                    self.refuse(self.server.ask("GET", path), 401)
                finally:
                    self.server._cookies._cookies = cookies

    def test_a_change_without_the_csrf_token_is_refused(self):
        answer = self.server.ask("POST", "/v1/desk/presence", {"presence": "away"}, {"x-csrf-token": "wrong"})
        self.refuse(answer, 403)


if __name__ == "__main__":
    unittest.main()

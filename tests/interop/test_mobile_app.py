"""An app's whole story over HTTP alone, as `docs/API.md` tells app makers: no widget, no browser."""

import hashlib
import hmac
import http.client
import json
import unittest
import urllib.parse
import uuid

from overture_server import Server, wait_for

PATH = "/checkout/payment"


class App:
    """What an app keeps and sends; written from the documentation."""

    def __init__(self, server):
        self.url = urllib.parse.urlsplit(server.url)
        self.write_key = server.write_key
        self.device_token = None
        self.after = 0
        self.offer = None
        self.messages = []
        self.conversation = None

    def call(self, method, path, body=None):
        link = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=15)
        headers = {"content-type": "application/json"}
        if path != "/v1/widget/session" and path != "/v1/batch":
            headers["authorization"] = f"Bearer {self.session_token}"
        link.request(method, path, None if body is None else json.dumps(body), headers)
        answer = link.getresponse()
        text = answer.read()
        link.close()
        return answer.status, json.loads(text) if text else None

    def start(self, user=None):
        status, session = self.call(
            "POST",
            "/v1/widget/session",
            {
                "write_key": self.write_key,
                "device_token": self.device_token,
                "user": user,
                "page": {"path": PATH},
                "locale": "en",
                "time_zone": "Europe/Berlin",
            },
        )
        assert status == 200, (status, session)
        self.session = session["session"]
        self.session_token = session["session_token"]
        self.device_token = session["device_token"]
        self.anonymous_id = session["anonymous_id"]
        self.take(session)
        return session

    def take(self, feed):
        for item in feed.get("feed", feed.get("items", [])):
            match item["kind"]:
                case "offer":
                    self.offer = item
                case "offer_withdrawn":
                    self.offer = None
                case "conversation":
                    self.conversation = item
                case "message":
                    self.messages.append(item)
        self.after = max(self.after, feed["seq"])

    def poll(self):
        status, feed = self.call("GET", f"/v1/widget/feed?after={self.after}")
        assert status == 200, (status, feed)
        self.take(feed)

    def capture(self, events):
        batch = [
            {
                "type": kind if kind == "page" else "track",
                "event": None if kind == "page" else kind,
                "anonymousId": self.anonymous_id,
                "messageId": str(uuid.uuid4()),
                "properties": properties,
                "context": {"page": {"path": PATH}, "overture": {"session": self.session}},
            }
            for kind, properties in events
        ]
        return self.call("POST", "/v1/batch", {"writeKey": self.write_key, "batch": batch})

    def struggle(self):
        """What somebody does whose payment is refused again and again."""
        wrong = {"form": "payment", "field": "card", "code": "declined"}
        failed = {"form": "payment", "outcome": "failed"}
        click = {"x": 180, "y": 610, "target": "pay", "interactive": True, "text_field": False}
        return self.capture(
            [("page", {"navigation": "navigate"})]
            + [("overture:form_error", wrong), ("overture:form_submit", failed)] * 3
            + [("overture:click", click)] * 4
        )


class MobileApp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.login()
        server = cls.server
        answer = server.ask("POST", "/v1/admin/mode", {"mode": "live", "confirm": True})
        assert answer.status == 204, answer.body
        agent = {
            "name": "Grace",
            "email": "grace@example.com",
            "password": "a long enough passphrase",
            "role": "agent",
            "skills": [],
            "languages": [],
            "capacity": {"chat": 3, "callback": 1},
            "active": True,
        }
        assert server.ask("POST", "/v1/admin/agents", agent).status == 200
        secret = server.get("/v1/admin/sources")[0]["identity_secret"]
        cls.sign = staticmethod(lambda user: hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest())
        # The same client goes on as the agent.
        server.admin_email, server.admin_password = agent["email"], agent["password"]
        server.login()
        assert server.ask("POST", "/v1/desk/presence", {"presence": "available"}).status in (200, 204)

    def offered(self, app):
        def seen():
            if not app.offer:
                status, _ = app.struggle()
                self.assertEqual(status, 200)
                app.poll()
            return app.offer

        return wait_for("an offer", seen)

    def test_an_offer_is_taken_and_becomes_a_chat(self):
        app = App(self.server)
        session = app.start({"id": "app-1", "signature": self.sign("app-1"), "traits": {"name": "Ada"}})
        self.assertEqual(session["identity"], "verified")
        offer = self.offered(app)
        self.assertTrue(offer["title"] and offer["text"] and offer["why"])
        status, _ = app.call("POST", f"/v1/widget/offers/{offer['offer']}/shown", {})
        self.assertEqual(status, 204)
        self.assertIn("chat", [option["kind"] for option in offer["options"]])
        key = str(uuid.uuid4())
        accept = {"option": "chat", "grant_token": offer.get("grant_token"), "idempotency_key": key}
        status, taken = app.call("POST", f"/v1/widget/offers/{offer['offer']}/accept", accept)
        self.assertEqual(status, 200, taken)
        again = app.call("POST", f"/v1/widget/offers/{offer['offer']}/accept", accept)
        self.assertEqual(again, (200, taken), "the same key has no second effect")
        conversation = taken["conversation"]
        status, _ = app.call(
            "POST",
            "/v1/widget/messages",
            {"conversation": conversation, "client_key": str(uuid.uuid4()), "text": "My card is refused"},
        )
        self.assertEqual(status, 200)

        def incoming():
            return self.server.get("/v1/desk/state")["reservations"]

        reservation = wait_for("the request at the desk", incoming)[0]["reservation"]
        answer = self.server.ask("POST", f"/v1/desk/reservations/{reservation}/accept", {})
        self.assertIn(answer.status, (200, 204), answer.body)
        said = {"client_key": str(uuid.uuid4()), "text": "I am looking"}
        answer = self.server.ask("POST", f"/v1/conversations/{conversation}/messages", said)
        self.assertEqual(answer.status, 200, answer.body)

        def heard():
            app.poll()
            return [message for message in app.messages if message["author"] == "agent"]

        self.assertEqual(wait_for("the answer", heard)[0]["text"], "I am looking")
        self.assertEqual(app.conversation["status"], "assigned")
        # Another phone of the same person, who signed in: the chat is there.
        other = App(self.server)
        other.start({"id": "app-1", "signature": self.sign("app-1")})
        self.assertEqual([message["text"] for message in other.messages], ["My card is refused", "I am looking"])
        status, _ = app.call("POST", f"/v1/widget/conversations/{conversation}/end", {})
        self.assertEqual(status, 204)

    def test_an_offer_is_declined_for_good(self):
        app = App(self.server)
        app.start()
        offer = self.offered(app)
        status, _ = app.call("POST", f"/v1/widget/offers/{offer['offer']}/dismiss", {"how": "never"})
        self.assertEqual(status, 204)
        late = {"option": "chat", "idempotency_key": str(uuid.uuid4())}
        status, refused = app.call("POST", f"/v1/widget/offers/{offer['offer']}/accept", late)
        self.assertEqual((status, refused["code"]), (409, "offer_gone"))
        self.assertTrue(app.start()["never"], "the next session of this phone knows it")

    def test_a_wrong_signature_proves_nobody(self):
        app = App(self.server)
        self.assertEqual(app.start({"id": "app-1", "signature": self.sign("app-2")})["identity"], "anonymous")
        self.assertEqual(app.messages, [])
        self.assertEqual(App(self.server).start({"id": "app-1"})["identity"], "claimed")


if __name__ == "__main__":
    unittest.main()

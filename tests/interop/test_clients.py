"""The Python clients of Segment, RudderStack and PostHog, unchanged, against a real server."""

import unittest
import uuid

import posthog
from rudderstack.analytics.client import Client as RudderStack
from segment.analytics.client import Client as Segment

from overture_server import Server, wait_for


class Clients(unittest.TestCase):
    """Each client's events arrive once, on the customer that they name."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.login()

    def segment(self, **options):
        errors = []
        client = Segment(
            options.pop("key", self.server.write_key),
            host=self.server.url,
            on_error=lambda error, batch: errors.append((error, batch)),
            max_retries=1,
            **options,
        )
        self.addCleanup(client.join)
        return client, errors

    def test_segment_identify_track_and_page(self):
        client, errors = self.segment()
        client.identify("seg-1", {"email": "seg-1@example.com", "plan": "pro"})
        client.track("seg-1", "Order Completed", {"total": 12.5})
        client.page("seg-1", "Shop", "Checkout", {"path": "/checkout", "url": "http://shop.example/checkout?card=1"})
        client.flush()
        self.assertEqual(errors, [])
        customer = self.server.customer("seg-1@example.com")
        self.server.wait_for_names(customer, ["Order Completed"])
        context = self.server.get(f"/v1/customers/{customer}/context")
        values = {(one["kind"], one["value"]) for one in context["identifiers"]}
        self.assertIn("seg-1@example.com", {value for _, value in values})
        self.assertIn("seg-1", {value for _, value in values})
        self.assertEqual(context["traits"].get("plan"), "pro")
        pages = [item for item in self.server.timeline(customer) if item["kind"] == "page"]
        self.assertEqual([page["path"] for page in pages], ["/checkout"])

    def test_segment_gzip(self):
        client, errors = self.segment(gzip=True)
        client.identify("seg-gz", {"email": "seg-gz@example.com"})
        client.track("seg-gz", "Zipped")
        client.flush()
        self.assertEqual(errors, [])
        self.server.wait_for_names(self.server.customer("seg-gz@example.com"), ["Zipped"])

    def test_segment_batches_of_many_arrive_whole(self):
        client, errors = self.segment(upload_size=100)
        client.identify("seg-many", {"email": "seg-many@example.com"})
        client.flush()
        customer = self.server.customer("seg-many@example.com")
        self.server.open_chat(customer)
        names = [f"Step {number}" for number in range(90)]
        for name in names:
            client.track("seg-many", name)
        client.flush()
        self.assertEqual(errors, [])
        self.server.wait_for_names(customer, names)
        self.assertEqual(self.server.names(customer), names)

    def test_segment_duplicate_counts_once(self):
        client, errors = self.segment()
        client.identify("seg-dup", {"email": "seg-dup@example.com"})
        for _ in range(3):
            client.track("seg-dup", "Paid", message_id="the-same-message")
        client.flush()
        client.track("seg-dup", "Paid", message_id="the-same-message")
        client.track("seg-dup", "Last")
        client.flush()
        self.assertEqual(errors, [])
        self.server.wait_for_names(self.server.customer("seg-dup@example.com"), ["Paid", "Last"])

    def test_segment_anonymous_history_joins_the_person(self):
        client, errors = self.segment()
        client.track(event="Looked Around", anonymous_id="anon-join")
        client.flush()
        client.identify("seg-join", {"email": "seg-join@example.com"}, anonymous_id="anon-join")
        client.track("seg-join", "Bought", anonymous_id="anon-join")
        client.flush()
        self.assertEqual(errors, [])
        self.server.wait_for_names(self.server.customer("seg-join@example.com"), ["Looked Around", "Bought"])

    def test_segment_unknown_key_is_an_error_to_the_client(self):
        client, errors = self.segment(key="no-such-key")
        client.track("seg-lost", "Lost")
        client.flush()
        wait_for("the client's on_error", lambda: errors)
        error = errors[0][0]
        self.assertEqual((error.status, error.code), (401, "unknown_write_key"))

    def test_rudderstack_identify_and_track_with_gzip(self):
        errors = []
        client = RudderStack(
            self.server.write_key, host=self.server.url, on_error=lambda error, _: errors.append(error), max_retries=1
        )
        self.addCleanup(client.join)
        client.identify("rs-1", {"email": "rs-1@example.com"})
        client.track("rs-1", "Cart Viewed", {"items": 2})
        client.track("rs-1", "Paid", message_id="rs-same")
        client.track("rs-1", "Paid", message_id="rs-same")
        client.flush()
        self.assertEqual(errors, [])
        self.server.wait_for_names(self.server.customer("rs-1@example.com"), ["Cart Viewed", "Paid"])

    def test_rudderstack_without_gzip(self):
        client = RudderStack(self.server.write_key, host=self.server.url, gzip=False, max_retries=1)
        self.addCleanup(client.join)
        client.identify("rs-2", {"email": "rs-2@example.com"})
        client.track("rs-2", "Plain")
        client.flush()
        self.server.wait_for_names(self.server.customer("rs-2@example.com"), ["Plain"])

    def test_posthog_set_and_capture(self):
        for zipped in (False, True):
            with self.subTest(gzip=zipped):
                person = f"ph-{'zip' if zipped else 'plain'}"
                client = posthog.Posthog(self.server.write_key, host=self.server.url, gzip=zipped, max_retries=1)
                same = uuid.uuid4()
                client.set(distinct_id=person, properties={"email": f"{person}@example.com"})
                client.capture("Signed Up", distinct_id=person, properties={"plan": "free"})
                client.capture("Paid", distinct_id=person, uuid=str(same))
                client.capture("Paid", distinct_id=person, uuid=str(same))
                client.flush()
                client.shutdown()
                self.server.wait_for_names(self.server.customer(f"{person}@example.com"), ["Signed Up", "Paid"])


if __name__ == "__main__":
    unittest.main()

"""What the server publishes for machines: OpenAPI, metrics, health."""

import re
import unittest
from pathlib import Path

import openapi_spec_validator
from prometheus_client.parser import text_string_to_metric_families

from overture_server import Server, wait_for

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
API = Path(__file__).parents[2] / "docs/API.md"
# `GET, POST /path?query`, in code, as the document writes every route.
ROUTE = re.compile(rf"`((?:{'|'.join(METHODS)})(?:, (?:{'|'.join(METHODS)}))*) (/[^`?\s]*)")
# Pages for people, which no program calls.
PAGES = {("GET", "/help/{}"), ("GET", "/help/c/{}")}


def nameless(path):
    """A route whatever its parameters are called."""
    return re.sub(r"\{[^}]*\}", "{}", path)


class Published(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.login()

    def test_openapi_is_valid_and_is_what_the_document_describes(self):
        document = self.server.get("/openapi.json")
        openapi_spec_validator.validate(document)
        self.assertTrue(document["openapi"].startswith("3.1"), document["openapi"])
        published = {
            (method.upper(), nameless(path))
            for path, methods in document["paths"].items()
            for method in methods
            if method.upper() in METHODS
        }
        described = {
            (method, nameless(path))
            for methods, path in ROUTE.findall(API.read_text())
            for method in methods.split(", ")
        }
        self.assertGreater(len(published), 100)
        self.assertEqual(published - described, set(), "docs/API.md lacks them")
        self.assertEqual(described - published - PAGES, set(), "docs/API.md invents them")

    def test_the_reference_page_loads_nothing_from_elsewhere(self):
        page = self.server.ask("GET", "/docs")
        self.assertEqual(page.status, 200)
        self.assertEqual(page.headers.get_content_type(), "text/html")
        for word in (b'src="http', b"src='http", b'href="http', b"//cdn"):
            self.assertNotIn(word, page.body)

    def test_metrics_parse_and_count_events(self):
        def inputs():
            text = self.server.ask("GET", "/metrics").body.decode()
            families = {family.name: family for family in text_string_to_metric_families(text)}
            self.assertTrue(families)
            samples = families["overture_inputs"].samples if "overture_inputs" in families else []
            return sum(sample.value for sample in samples)

        before = inputs()
        self.server.capture([{"type": "track", "event": "Counted", "userId": "m-1", "messageId": "m-1"}])
        wait_for("the counter of inputs to rise", lambda: inputs() > before)

    def test_health_and_readiness(self):
        self.assertEqual(self.server.ask("GET", "/healthz").status, 200)
        self.assertEqual(self.server.ask("GET", "/readyz").status, 200)

    def test_browsers_may_capture_from_any_page(self):
        headers = {
            "origin": "https://shop.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,anonymousid,sentat",
        }
        answer = self.server.ask("OPTIONS", "/v1/batch", headers=headers)
        self.assertIn(answer.status, (200, 204))
        self.assertIn(answer.headers["access-control-allow-origin"], ("*", "https://shop.example"))
        allowed = answer.headers["access-control-allow-headers"].lower()
        for name in ("authorization", "content-type", "anonymousid", "sentat"):
            self.assertIn(name, allowed)

    def test_settings_satisfy_the_browser_clients(self):
        settings = self.server.get(f"/v1/projects/{self.server.write_key}/settings")
        self.assertEqual(settings["integrations"]["Segment.io"]["apiKey"], self.server.write_key)
        config = self.server.get(f"/sourceConfig/?p=npm&v=3&writeKey={self.server.write_key}")
        self.assertEqual(config["source"]["writeKey"], self.server.write_key)


if __name__ == "__main__":
    unittest.main()

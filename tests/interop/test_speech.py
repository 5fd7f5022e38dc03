"""What the real `openai` client sends to have speech transcribed, which is what our own requests are held against."""

import email.parser
import email.policy
import hashlib
import http.server
import io
import os
import pathlib
import struct
import threading
import unittest
import wave

import openai

FIXTURE = pathlib.Path(__file__).parents[2] / "crates/overture-channels/tests/fixtures/speech/openai-request.txt"
KEY = "a-key-of-ours"


def recording():
    """100 ms, as `speech(800)` in the Rust tests makes it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(struct.pack("<800h", *(at * 37 % 2001 - 1000 for at in range(800))))
    return file.getvalue()


class Recorder(http.server.BaseHTTPRequestHandler):
    """Keeps each request and answers with an empty transcript."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append((self.requestline, self.headers, body))
        answer = b'{"text": "", "segments": []}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def lines(request_line, headers, body):
    """A request as the fixture writes it."""
    content_type = headers["content-type"]
    head = f"content-type: {content_type}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    parts = []
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        value = part.get_payload(decode=True)
        if part.get_filename() is None:
            parts.append(f"{name} = {value.decode()}")
        else:
            digest = hashlib.sha256(value).hexdigest()
            parts.append(f"{name} = file {part.get_filename()} of {len(value)} bytes, sha256 {digest}")
    return [
        request_line,
        f"authorization: {headers['authorization']}",
        f"content-type: {content_type.split(';')[0]}",
        *sorted(parts),
    ]


class Speech(unittest.TestCase):
    def test_our_fixture_is_what_the_client_sends(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
        server.seen = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        client = openai.OpenAI(base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key=KEY, max_retries=0, timeout=15)
        self.addCleanup(client.close)
        client.audio.transcriptions.create(
            file=("speech.wav", recording()),
            model="whisper-1",
            language="en",
            response_format="verbose_json",
            timestamp_granularities=["segment"],
        )
        self.assertEqual(len(server.seen), 1)
        sent = lines(*server.seen[0])
        if os.environ.get("OVERTURE_WRITE_FIXTURES"):
            FIXTURE.write_text("\n".join(sent) + "\n")
        self.assertEqual(sent, FIXTURE.read_text().splitlines())


if __name__ == "__main__":
    unittest.main()

"""Calls as Twilio and a plain socket bring them: signed by Twilio's own library, at the pace of the wire, and what goes wrong."""

import base64
import contextlib
import json
import math
import random
import struct
import time
import unittest
import urllib.parse
import xml.etree.ElementTree as xml

from overture_server import Server, wait_for
from twilio.request_validator import RequestValidator
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

AUTH_TOKEN = "12345678901234567890123456789012"
RATE = 8_000
FRAME_MS = 20


def speak(seconds, pitch_hz, seed, darkness=0.6, loudness=0.6, syllables=4.5):
    """A voice that nobody has: pulses through three resonances, a syllable after another."""
    rng = random.Random(seed)
    samples, phase, pulse = [], 0.0, 0.0
    mouth = [[0.0, 0.0] for _ in range(3)]
    syllable = int(RATE / syllables)
    for at in range(int(seconds * RATE)):
        if at % syllable == 0:
            formants = [350 + 450 * rng.random(), 1000 + 1100 * rng.random(), 2400 + 500 * rng.random()]
            lift = 4 * (rng.random() - 0.5)
        place = (at % syllable) / syllable
        phase += pitch_hz * 2 ** (lift / 12) / RATE
        source = 0.02 * (rng.random() - 0.5)
        if phase >= 1:
            phase -= 1
            source += 1
        pulse = darkness * pulse + (1 - darkness) * source
        sample = pulse
        for state, hz, width in zip(mouth, formants, (80, 110, 160)):
            radius = math.exp(-math.pi * width / RATE)
            turn = 2 * math.pi * hz / RATE
            sample = (1 - radius) * sample + 2 * radius * math.cos(turn) * state[0] - radius * radius * state[1]
            state[1], state[0] = state[0], sample
        samples.append(sample * math.sqrt(max(0.0, math.sin(math.pi * place))))
    most = max(map(abs, samples)) or 1
    return [sample / most * loudness for sample in samples]


def mu_law(sample):
    """G.711, as the recommendation has it."""
    value = max(-32635, min(32635, int(sample * 32768)))
    magnitude = abs(value) + 0x84
    exponent = magnitude.bit_length() - 8
    mantissa = (magnitude >> (exponent + 3)) & 0xF
    return ~((0x80 if value < 0 else 0) | exponent << 4 | mantissa) & 0xFF


class Twilio:
    """Twilio's end of a media stream."""

    def __init__(self, server, call, disclosed="true", caller="+44 20 7946 0018", token=AUTH_TOKEN):
        self.url = server.url.replace("http", "ws") + "/twilio/media"
        signature = RequestValidator(token).compute_signature(self.url, {})
        self.open = contextlib.ExitStack()
        self.socket = self.open.enter_context(connect(self.url, additional_headers={"X-Twilio-Signature": signature}))
        self.stream, self.sequence, self.chunks = f"MZ{call}", 1, {"inbound": 0, "outbound": 0}
        self.say({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        self.say({
            "event": "start", "sequenceNumber": "1", "streamSid": self.stream,
            "start": {
                "streamSid": self.stream, "accountSid": "AC1", "callSid": call, "tracks": ["inbound", "outbound"],
                "customParameters": {"from": caller, "disclosed": disclosed, "synthetic": "true"},
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            },
        })

    def say(self, message):
        self.socket.send(json.dumps(message))

    def media(self, track, at_ms, payload):
        self.sequence += 1
        self.chunks[track] += 1
        self.say({
            "event": "media", "sequenceNumber": str(self.sequence), "streamSid": self.stream,
            "media": {"track": track, "chunk": str(self.chunks[track]), "timestamp": str(at_ms), "payload": base64.b64encode(payload).decode()},
        })

    def talk(self, customer, agent, start_ms=0, at_pace=False):
        """Both sides of a call, frame by frame; at the pace of the wire where that is wanted."""
        each, begun = RATE * FRAME_MS // 1000, time.monotonic()
        for at in range(0, max(len(customer), len(agent)), each):
            if at_pace:
                time.sleep(max(0, begun + at / RATE - time.monotonic()))  # a frame is due every 20 ms
            at_ms = start_ms + at * 1000 // RATE
            self.media("inbound", at_ms, bytes(map(mu_law, customer[at:at + each])))
            self.media("outbound", at_ms, bytes(map(mu_law, agent[at:at + each])))

    def stop(self):
        self.say({"event": "stop", "streamSid": self.stream, "stop": {"accountSid": "AC1", "callSid": self.stream[2:]}})
        with contextlib.suppress(ConnectionClosed):
            self.socket.recv(timeout=20)
        self.open.close()


def quiet(seconds):
    return [0.0] * int(seconds * RATE)


def wav_of(data, channels=1, rate=RATE):
    head = b"WAVEfmt " + struct.pack("<IHHIIHHH", 18, 7, channels, rate, rate * channels, channels, 8, 0) + b"data" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server(environment={"OVERTURE_TWILIO__AUTH_TOKEN": AUTH_TOKEN}))
        cls.server.login()
        policy = cls.server.get("/v1/admin/policy")
        toml = policy["toml"].replace("[voice]\nenabled = false", "[voice]\nenabled = true").replace("recording_days = 0", "recording_days = 7")
        answer = cls.server.ask("PUT", "/v1/admin/policy", {"toml": toml, "base_revision": policy["revision"]})
        assert answer.status == 200, answer.body
        answer = cls.server.ask("POST", "/v1/admin/tokens", {"name": "telephony", "scopes": ["calls"]})
        cls.bearer = {"authorization": f"Bearer {answer.json['secret']}"}

    def ask(self, method, path, body=None, status=200):
        answer = self.server.ask(method, path, body, self.bearer)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json if answer.body else None

    def call(self, external, status=None):
        """The call of this id, once it is listed."""
        def find():
            calls = self.server.get("/v1/calls")["calls"]
            return next((one for one in calls if one["external_id"] == external and status in (None, one["status"])), None)

        return wait_for(f"call {external} {status}", find)

    def shown(self, external, status="ended"):
        return self.server.get(f"/v1/calls/{self.call(external, status)['id']}")

    def test_a_call_of_twilios_is_heard_to_its_end(self):
        twilio = Twilio(self.server, "CA1")
        customer = speak(6, 130, 1) + quiet(4)
        agent = quiet(7) + speak(3, 210, 2)
        twilio.talk(customer, agent)
        twilio.stop()
        shown = self.shown("CA1")
        call, trace = shown["call"], shown["trace"]
        self.assertEqual((call["via"], call["analysed"], call["synthetic"]), ("twilio", True, True))
        self.assertAlmostEqual(call["seconds"], 10, delta=0.1)
        self.assertGreaterEqual(len(trace["points"]), 4, trace["points"])
        self.assertGreaterEqual(len(shown["utterances"]), 1)
        self.assertIsNotNone(call["fused"])
        self.assertAlmostEqual(call["dynamics"]["customer_share"], 2 / 3, delta=0.1)
        self.assertEqual({turn["party"] for turn in trace["turns"]}, {"customer", "agent"})
        self.assertEqual(len(trace["levels"]["customer"]), 40)
        self.assertEqual(call["customer"], self.server.customer("+442079460018"))
        # Only the customer's side is kept, and any part of it can be asked for.
        whole = self.server.ask("GET", f"/v1/calls/{call['id']}/recording")
        self.assertEqual(whole.status, 200, whole.body)
        self.assertEqual(len(whole.body), 58 + 10 * RATE)
        # Minus nothing is nothing.
        kept = [0xFF if byte == 0x7F else byte for byte in map(mu_law, customer[:160])]
        self.assertEqual(list(whole.body[58:58 + 160]), kept)
        part = self.server.ask("GET", f"/v1/calls/{call['id']}/recording", headers={"range": "bytes=70000-70099"})
        self.assertEqual((part.status, part.body), (206, whole.body[70000:70100]))
        self.assertEqual(self.server.ask("DELETE", f"/v1/calls/{call['id']}/recording").status, 204)
        self.assertEqual(self.server.ask("GET", f"/v1/calls/{call['id']}/recording").status, 404)

    def test_at_the_pace_of_the_wire_each_second_is_heard_as_it_ends(self):
        twilio = Twilio(self.server, "CA-pace", caller="+44 20 7946 0020")
        seconds = 5
        twilio.talk(speak(seconds, 130, 14), quiet(seconds), at_pace=True)
        call = self.call("CA-pace", "live")
        # The last whole second is over for less than one: what is missing now was not heard in time.
        points = self.server.get(f"/v1/calls/{call['id']}")["trace"]["points"]
        self.assertGreaterEqual(len(points), seconds - 1, points)
        twilio.stop()
        self.shown("CA-pace")

    def test_frames_that_come_twice_late_or_never_change_no_time(self):
        twilio = Twilio(self.server, "CA-frames")
        each, voice = RATE * FRAME_MS // 1000, speak(6, 130, 3)
        frames = [(at * 1000 // RATE, bytes(map(mu_law, voice[at:at + each]))) for at in range(0, len(voice), each)]
        for number, (at_ms, payload) in enumerate(frames):
            if number == 100:
                continue  # lost
            if number == 200:
                twilio.media("inbound", *frames[150])  # late
            twilio.media("inbound", at_ms, payload)
            if number == 50:
                twilio.media("inbound", at_ms, payload)  # twice: within the slack it counts
                twilio.media("inbound", frames[10][0], frames[10][1])  # long gone
        twilio.stop()
        self.assertAlmostEqual(self.shown("CA-frames")["call"]["seconds"], 6, delta=0.1)

    def test_nothing_is_heard_before_the_caller_was_told(self):
        twilio = Twilio(self.server, "CA-silent", disclosed="false")
        twilio.talk(speak(3, 130, 4), quiet(3))
        call = self.call("CA-silent", "live")
        self.assertEqual((call["analysed"], call["not_analysed"]), (False, "not_disclosed"))
        page = self.server.get(f"/v1/calls/{call['id']}")
        self.assertEqual((page["trace"]["points"], page["trace"]["levels"]["customer"]), ([], []))
        said = self.ask("POST", f"/v1/calls/{call['id']}/disclosed")
        self.assertTrue(said["analysed"], said)
        twilio.talk(speak(4, 130, 5), quiet(4), start_ms=3000)
        twilio.stop()
        shown = self.shown("CA-silent")
        self.assertGreaterEqual(len(shown["trace"]["points"]), 2)
        self.assertLessEqual(len(shown["trace"]["points"]), 5)
        self.assertEqual(len(shown["utterances"]), 1, shown["utterances"])
        self.assertEqual(len(shown["trace"]["levels"]["customer"]), 16, "only what could be heard")

    def test_a_caller_who_does_not_want_it_is_not_heard_any_more(self):
        twilio = Twilio(self.server, "CA-refused", caller="+44 20 7946 0099")
        twilio.talk(speak(4, 130, 6) + quiet(1), quiet(5))
        call = self.call("CA-refused", "live")
        wait_for("an utterance", lambda: self.server.get(f"/v1/calls/{call['id']}")["utterances"])
        answer = self.server.ask("POST", f"/v1/customers/{call['customer']}/consents", {"purpose": "analyse_voice", "granted": False})
        self.assertEqual(answer.status, 200, answer.body)
        wait_for("no more", lambda: self.call("CA-refused", "live")["not_analysed"] == "opted_out")
        before = len(self.server.get(f"/v1/calls/{call['id']}")["trace"]["points"])
        twilio.talk(speak(4, 130, 7) + quiet(1), quiet(5), start_ms=5000)
        twilio.stop()
        self.assertEqual(len(self.shown("CA-refused")["trace"]["points"]), before)

    def test_only_twilio_may_stream(self):
        for token in ("wrong", ""):
            with self.assertRaises(InvalidStatus) as refused:
                Twilio(self.server, "CA-forged", token=token)
            self.assertEqual(refused.exception.response.status_code, 403)

    def test_the_voice_webhook_answers_with_twiml(self):
        form = {"CallSid": "CA5", "From": "+442079460018", "To": "+12025550123", "Direction": "inbound"}
        path = "/twilio/voice?dial=%2B4930123456"
        signature = RequestValidator(AUTH_TOKEN).compute_signature(self.server.url + path, form)
        body = urllib.parse.urlencode(form).encode()
        headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature}
        answer = self.server.ask("POST", path, body, headers)
        self.assertEqual(answer.status, 200, answer.body)
        root = xml.fromstring(answer.body)
        self.assertEqual([child.tag for child in root], ["Say", "Start", "Dial"])
        stream = root.find("Start/Stream")
        self.assertTrue(stream.get("url").endswith("/twilio/media"))
        self.assertEqual(stream.get("track"), "both_tracks")
        parameters = {one.get("name"): one.get("value") for one in stream}
        self.assertEqual((parameters["from"], parameters["disclosed"]), ("+442079460018", "true"))
        headers["x-twilio-signature"] = RequestValidator("wrong").compute_signature(self.server.url + path, form)
        self.assertEqual(self.server.ask("POST", path, body, headers).status, 403)

    def test_a_plain_socket_carries_two_channels_and_tells_what_it_hears(self):
        begun = self.ask("POST", "/v1/calls", {"external_id": "pbx-1", "phone": "+442079460019", "disclosed": True}, 201)
        url = f"{self.server.url.replace('http', 'ws')}/v1/calls/{begun['call']}/audio?encoding=pcm16&rate=16000&channels=2&first=agent"
        voice, other = speak(5, 130, 8), quiet(5)
        heard = []
        with connect(url, additional_headers=self.bearer) as socket:
            both = [int(32767 * sample) for pair in zip(other, voice) for sample in pair for _ in (0,)]
            doubled = []
            for at in range(0, len(both), 2):
                doubled += both[at:at + 2] * 2  # 16 kHz, roughly
            data = struct.pack(f"<{len(doubled)}h", *doubled)
            for at in range(0, len(data), 6401):  # cut anywhere
                socket.send(data[at:at + 6401])
            socket.send(json.dumps({"type": "stop"}))
            try:
                while True:
                    heard.append(json.loads(socket.recv(timeout=20)))
            except ConnectionClosed:
                pass
        self.assertGreaterEqual(len([one for one in heard if "heard" in one]), 3, heard)
        self.assertAlmostEqual(self.shown("pbx-1")["call"]["seconds"], 5, delta=0.2)
        answer = self.server.ask("GET", f"/v1/calls/{begun['call']}/audio", headers=self.bearer)
        self.assertEqual(answer.status, 409, answer.body)

    def test_what_cannot_be_understood_ends_that_call_alone(self):
        other = Twilio(self.server, "CA-other")
        other.talk(speak(2, 130, 9), quiet(2))
        broken = Twilio(self.server, "CA-broken")
        for _ in range(60):
            broken.say({"event": "media", "streamSid": broken.stream, "media": {"track": "inbound", "payload": "%%%"}})
        with self.assertRaises(ConnectionClosed):
            broken.socket.recv(timeout=20)
        self.call("CA-broken", "ended")
        other.talk(speak(3, 130, 10), quiet(3), start_ms=2000)
        other.open.close()  # without a word
        self.assertGreaterEqual(len(self.shown("CA-other")["trace"]["points"]), 3)

    def test_a_recording_is_read_as_a_call(self):
        begun = self.ask("POST", "/v1/calls", {"external_id": "rec-1", "email": "caller@example.com", "disclosed": True, "via": "recording"}, 201)
        voice, agent = speak(5, 130, 11) + quiet(3), quiet(5.5) + speak(2.5, 220, 12)
        wav = wav_of(bytes(mu_law(sample) for pair in zip(voice, agent) for sample in pair), 2)
        path = f"/v1/calls/{begun['call']}/recording"
        self.assertEqual(self.server.ask("POST", path, b"not a recording", self.bearer).status, 415)
        taken = self.ask("POST", path, wav, 202)
        self.assertEqual(taken["channels"], 2)
        shown = self.shown("rec-1")
        self.assertAlmostEqual(shown["call"]["seconds"], 8, delta=0.1)
        self.assertIsNotNone(shown["call"]["dynamics"])
        kinds = [item["kind"] for item in self.server.timeline(shown["call"]["customer"])]
        self.assertIn("utterance", kinds)
        self.assertEqual(kinds.count("call"), 2, kinds)

    def test_recordings_with_nothing_to_hear_say_nothing_of_anybody(self):
        hum = [0.5 * math.sin(2 * math.pi * 50 * at / RATE) for at in range(3 * RATE)]
        loud = [0.99 if at // 40 % 2 else -0.99 for at in range(3 * RATE)]
        coded = lambda samples: bytes(map(mu_law, samples))
        for name, wav, status in [
            ("silence", wav_of(coded(quiet(3))), 202),
            ("DC", wav_of(coded([0.4] * 3 * RATE)), 202),
            ("hum", wav_of(coded(hum)), 202),
            ("square", wav_of(coded(loud)), 202),
            ("cut off", wav_of(coded(quiet(3)))[:2000], 202),
            ("a header that says another rate", wav_of(coded(quiet(3)), rate=48_000), 202),
            ("no sound", wav_of(b""), 415),
            ("a rate that nobody has", wav_of(coded(quiet(3)), rate=1), 415),
            ("nothing", b"", 415),
        ]:
            with self.subTest(name):
                begun = self.ask("POST", "/v1/calls", {"external_id": f"odd {name}", "disclosed": True, "via": "recording"}, 201)
                path = f"/v1/calls/{begun['call']}/recording"
                answer = self.server.ask("POST", path, wav, self.bearer)
                self.assertEqual(answer.status, status, answer.body)
                if status == 202:
                    shown = self.shown(f"odd {name}")
                    self.assertFalse(shown["call"]["alert"])
                    angry = [point for point in shown["trace"]["points"] if point["anger"] > 0.5 and point["quality"] > 0.5]
                    self.assertEqual(angry, [])

    def test_wrong_input_names_the_field(self):
        for body, field in [
            ({}, "external_id"),
            ({"external_id": ""}, "external_id"),
            ({"external_id": "x", "phone": "020 7946"}, "phone"),
            ({"external_id": "x", "email": "nobody"}, "email"),
            ({"external_id": "x", "customer": "cus_nobody"}, "customer"),
            ({"external_id": "x", "direction": "sideways"}, "direction"),
            ({"external_id": "x", "via": "pigeon"}, "via"),
            ({"external_id": "x", "disclosed": "yes"}, "disclosed"),
        ]:
            answer = self.server.ask("POST", "/v1/calls", body, self.bearer)
            self.assertEqual((answer.status, answer.json.get("field")), (400, field), answer.body)
        begun = self.ask("POST", "/v1/calls", {"external_id": "twice", "disclosed": True}, 201)
        again = self.ask("POST", "/v1/calls", {"external_id": "twice", "disclosed": True}, 201)
        self.assertEqual(begun["call"], again["call"])
        for query, field in [("rate=1", "rate"), ("encoding=opus", "encoding"), ("channels=3", "channels"), ("first=agent", "first")]:
            answer = self.server.ask("GET", f"/v1/calls/{begun['call']}/audio?{query}", headers=self.bearer)
            self.assertEqual((answer.status, answer.json.get("field")), (400, field), answer.body)
        self.ask("POST", f"/v1/calls/{begun['call']}/end", status=204)
        self.assertEqual(self.call("twice", "ended")["id"], begun["call"])

    def test_sockets_that_never_begin_leave_room_for_those_that_do(self):
        signature = RequestValidator(AUTH_TOKEN).compute_signature(self.server.url.replace("http", "ws") + "/twilio/media", {})
        url, headers, refused = self.server.url.replace("http", "ws") + "/twilio/media", {"X-Twilio-Signature": signature}, 0
        with contextlib.ExitStack() as idle:
            for _ in range(220):
                try:
                    idle.enter_context(connect(url, additional_headers=headers))
                except InvalidStatus as error:
                    self.assertEqual(error.response.status_code, 503)
                    refused += 1
        self.assertGreaterEqual(refused, 20)

        def carried():
            try:
                return Twilio(self.server, "CA-after")
            except InvalidStatus:
                return None

        twilio = wait_for("room again", carried)
        twilio.talk(speak(2, 130, 13), quiet(2))
        twilio.stop()
        self.shown("CA-after")


if __name__ == "__main__":
    unittest.main()

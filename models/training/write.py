"""Writes a fine-tuned encoder as the product reads it: `crates/overture-inference/src/encoder/file.rs` describes the file."""

import hashlib
import json
import struct

import numpy as np

from encoder import ATTENTION_HEADS, INNER, LAYERS, OUTPUTS, POSITIONS, WIDTH

MAGIC = b"OVENC1\n"
# Seven bits: so that two products of a weight and an 8-bit activation fit 16 bits on every processor.
LARGEST_WEIGHT = 63
LARGEST_EMBEDDING = 127
HEADS = ["goemotions:28", "ekman:7", "group:4", "emotions:8", "sentiment:3", "polarity:1", "sarcasm:1", "urgency:1", "valence:1"]


def array(tensor):
    return tensor.detach().to("cpu").float().numpy()


def floats(tensor):
    return array(tensor).astype("<f4").tobytes()


def rounded(matrix, largest):
    """Each row as whole numbers up to `largest`, and what one step of the row is worth."""
    steps = np.abs(matrix).max(1) / largest
    steps[steps == 0.0] = 1.0
    whole = np.rint(matrix / steps[:, None]).clip(-largest, largest).astype(np.int8)
    return steps.astype("<f4").tobytes() + whole.tobytes()


def linear(layer):
    return rounded(array(layer.weight), LARGEST_WEIGHT) + floats(layer.bias)


def norm(layer):
    return floats(layer.weight) + floats(layer.bias)


def write(encoder, names, name, path):
    """Writes the file, without a blend: `overture train text --encoder` fits that."""
    header = json.dumps({
        "name": name, "heads": HEADS, "width": WIDTH, "layers": LAYERS, "attention_heads": ATTENTION_HEADS, "inner": INNER,
        "positions": POSITIONS, "pieces": len(names), "tables": "",
        "of_tables": [0.0] * OUTPUTS, "of_encoder": [1.0] * OUTPUTS, "offsets": [0.0] * OUTPUTS,
        "thresholds": [0.5] * OUTPUTS, "polarity": 1.0,
    }).encode()
    file = bytearray(MAGIC + struct.pack("<I", len(header)) + header)
    for piece in names:
        piece = piece.encode()
        file += struct.pack("B", len(piece)) + piece
    file += rounded(array(encoder.pieces.weight), LARGEST_EMBEDDING)
    file += floats(encoder.positions) + norm(encoder.norm)
    for layer in encoder.layers:
        file += linear(layer.qkv) + linear(layer.out) + norm(layer.norm_1)
        file += linear(layer.up) + linear(layer.down) + norm(layer.norm_2)
    file += floats(encoder.heads.weight) + floats(encoder.heads.bias)
    file += hashlib.sha256(file).digest()
    path.write_bytes(file)

"""The encoder as it is fine-tuned: BERT's, with mean pooling and one linear layer for every head of the product.

It differs from the original in one thing: GELU is the tanh form, which the product computes exactly so.
"""

import torch
from torch import nn
from torch.nn import functional as F

WIDTH = 384
LAYERS = 6
ATTENTION_HEADS = 12
INNER = 1536
POSITIONS = 128
OUTPUTS = 54
EPSILON = 1e-12


class Layer(nn.Module):
    """One layer: attention, then two linear maps, each added to what came in and normalised."""

    def __init__(self, dropout):
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm_1 = nn.LayerNorm(WIDTH, EPSILON)
        self.up = nn.Linear(WIDTH, INNER)
        self.down = nn.Linear(INNER, WIDTH)
        self.norm_2 = nn.LayerNorm(WIDTH, EPSILON)
        self.dropout = dropout

    def forward(self, x, mask):
        rows, length, _ = x.shape
        split = self.qkv(x).view(rows, length, 3, ATTENTION_HEADS, WIDTH // ATTENTION_HEADS)
        q, k, v = split.permute(2, 0, 3, 1, 4)
        p = self.dropout if self.training else 0.0
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=p)
        seen = seen.transpose(1, 2).reshape(rows, length, WIDTH)
        x = self.norm_1(x + F.dropout(self.out(seen), p))
        inner = self.down(F.gelu(self.up(x), approximate="tanh"))
        return self.norm_2(x + F.dropout(inner, p))


class Encoder(nn.Module):
    """Pieces in, one sum for every output column out."""

    def __init__(self, pieces, dropout=0.1):
        super().__init__()
        self.pieces = nn.Embedding(pieces, WIDTH)
        self.positions = nn.Parameter(torch.zeros(POSITIONS, WIDTH))
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(LAYERS))
        self.heads = nn.Linear(WIDTH, OUTPUTS)
        self.dropout = dropout

    def forward(self, ids, real):
        """`ids` are rows of pieces, `real` says which of them are not padding."""
        p = self.dropout if self.training else 0.0
        x = self.norm(self.pieces(ids) + self.positions[: ids.shape[1]])
        x = F.dropout(x, p)
        mask = real[:, None, None, :]
        for layer in self.layers:
            x = layer(x, mask)
        weights = real.to(x.dtype)[:, :, None]
        pooled = (x * weights).sum(1) / weights.sum(1)
        return self.heads(F.dropout(pooled, p))


def from_base(weights, kept):
    """An encoder that begins with the base's weights. `kept` says for each piece which of the base's pieces it is made of (the mean)."""
    encoder = Encoder(len(kept))
    table = weights["embeddings.word_embeddings.weight"]
    with torch.no_grad():
        for piece, parts in enumerate(kept):
            encoder.pieces.weight[piece] = table[parts].mean(0)
        encoder.positions.copy_(
            weights["embeddings.position_embeddings.weight"][:POSITIONS]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
    encoder.pieces.weight.requires_grad = False
    load_norm(encoder.norm, weights, "embeddings.LayerNorm")
    for number, layer in enumerate(encoder.layers):
        base = f"encoder.layer.{number}."
        self_attention = [f"{base}attention.self.{name}" for name in ("query", "key", "value")]
        with torch.no_grad():
            layer.qkv.weight.copy_(torch.cat([weights[f"{name}.weight"] for name in self_attention]))
            layer.qkv.bias.copy_(torch.cat([weights[f"{name}.bias"] for name in self_attention]))
        load_linear(layer.out, weights, f"{base}attention.output.dense")
        load_norm(layer.norm_1, weights, f"{base}attention.output.LayerNorm")
        load_linear(layer.up, weights, f"{base}intermediate.dense")
        load_linear(layer.down, weights, f"{base}output.dense")
        load_norm(layer.norm_2, weights, f"{base}output.LayerNorm")
    nn.init.normal_(encoder.heads.weight, std=0.02)
    nn.init.zeros_(encoder.heads.bias)
    return encoder


def load_linear(linear, weights, name):
    with torch.no_grad():
        linear.weight.copy_(weights[f"{name}.weight"])
        linear.bias.copy_(weights[f"{name}.bias"])


load_norm = load_linear

"""The network of our own weights: an encoder and one linear layer. Knows tensors, no rule and no file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
import transformers
from torch import Tensor, nn


class Network(nn.Module):
    """An encoder, the mean of its states over the text, and one linear layer: one logit per head."""

    def __init__(self, config: transformers.PretrainedConfig, *, heads: int) -> None:
        super().__init__()
        self.encoder = transformers.AutoModel.from_config(  # type: ignore[no-untyped-call]
            config, add_pooling_layer=False
        )
        self.dropout = nn.Dropout(0.2)
        self.heads = nn.Linear(config.hidden_size, heads)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits, (texts, heads), of token ids and their mask, both (texts, tokens)."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        present = attention_mask.unsqueeze(-1).to(states.dtype)
        pooled = (states * present).sum(1) / present.sum(1).clamp(min=1)
        return cast(Tensor, self.heads(self.dropout(pooled)))


def read_ids(encoded: Sequence[Sequence[int]], *, padding: int = 0, length: int = 0) -> tuple[Tensor, Tensor]:
    """Token ids and mask of one batch, padded to its longest text or to `length` where that is more."""
    longest = max(length, *map(len, encoded))
    ids = torch.tensor([[*one, *[padding] * (longest - len(one))] for one in encoded])
    mask = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for one in encoded])
    return ids, mask

"""From raw sets to a weights folder. Only this room and `classifiers.transformer` may import torch."""

"""Notice: from a public mention to an incident. Never sends, never asks for removal; meets takedown only in records."""

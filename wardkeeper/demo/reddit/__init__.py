"""A simulated Reddit that speaks the real one's HTTP; it contains no step of Wardkeeper's own flow."""

from wardkeeper.demo.reddit.api import reddit_app
from wardkeeper.demo.reddit.server import ALL_SCOPES, Community, Item, Redditor, RedditServer, Report

__all__ = ["ALL_SCOPES", "Community", "Item", "RedditServer", "Redditor", "Report", "reddit_app"]

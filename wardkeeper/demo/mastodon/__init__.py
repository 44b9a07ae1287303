"""A simulated Mastodon server that speaks the real one's HTTP; it contains no step of Wardkeeper's own flow."""

from wardkeeper.demo.mastodon.api import mastodon_app
from wardkeeper.demo.mastodon.server import ALL_SCOPES, Account, MastodonServer, Report, Status

__all__ = ["ALL_SCOPES", "Account", "MastodonServer", "Report", "Status", "mastodon_app"]

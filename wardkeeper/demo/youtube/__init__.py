"""A simulated YouTube that speaks the Data API's HTTP; it contains no step of Wardkeeper's own flow."""

from wardkeeper.demo.youtube.api import youtube_app
from wardkeeper.demo.youtube.site import API_KEY, CLIENT_ID, CLIENT_SECRET, Channel, Comment, SimulatedYouTube, Video

__all__ = [
    "API_KEY",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "Channel",
    "Comment",
    "SimulatedYouTube",
    "Video",
    "youtube_app",
]

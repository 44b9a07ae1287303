"""The simulated Graph hosts of Meta, one dialect for all; facebook.py, instagram.py and threads.py put things on them.

It contains no step of Wardkeeper's own flow.
"""

from wardkeeper.demo.graph.api import graph_app
from wardkeeper.demo.graph.host import Host, Person, Thing, Token
from wardkeeper.demo.graph.pushes import Push, signature_of

__all__ = ["Host", "Person", "Push", "Thing", "Token", "graph_app", "signature_of"]

"""Puts the parts together: settings, the schedule, the processes and the command line. The only room that knows all."""

__version__ = "0.1.0"

"""The servers of the demo and the tests, started on this machine without a container engine.

Nothing in the package imports this room: the package knows only addresses and credentials.
"""

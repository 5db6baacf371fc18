"""The servers of the demo and the tests, started on this machine without a container engine.

The package does not import this folder: it gets only addresses and credentials.
"""

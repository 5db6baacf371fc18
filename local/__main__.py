"""``python -m local up|down|status|logs|env``: the servers of the demo and the tests."""

from __future__ import annotations

import sys

from local.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The command line: one small module a command; heavy imports stand inside the commands."""

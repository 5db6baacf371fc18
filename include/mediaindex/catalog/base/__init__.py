"""The connection to PostgreSQL, migrations, and SQL text files."""

"""PostgreSQL, the truth about every recording. The only room that imports psycopg2; longer SQL lives in sql/queries/.

Every public function takes an open connection and is one transaction of its own unless it says otherwise.
"""

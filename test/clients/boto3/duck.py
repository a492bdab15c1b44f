"""DuckDB with its httpfs extension, on the server."""

from urllib.parse import urlsplit

import duckdb
import duckdb_extensions
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY


def connect():
    duckdb_extensions.import_extension("httpfs")
    db = duckdb.connect()
    db.execute("LOAD httpfs")
    host = urlsplit(ENDPOINT)
    db.execute(
        f"""CREATE SECRET (TYPE s3, PROVIDER config, KEY_ID '{ACCESS_KEY}', SECRET '{SECRET_KEY}', REGION '{REGION}',
            ENDPOINT '{host.netloc}', URL_STYLE 'path', USE_SSL {str(host.scheme == "https").lower()})"""
    )
    return db

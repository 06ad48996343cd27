"""Prints what DuckDB and Polars read of a report's file, as JSON: columns with their types, rows, and of a Parquet file what
it says of itself. With `*` in its name, files in Hive's folders."""

import json
import struct
import sys

import duckdb
import polars


def plain(cell):
    if hasattr(cell, "isoformat"):
        return cell.isoformat()
    # The bits of a double, which no reader of JSON can change.
    return struct.unpack("<Q", struct.pack("<d", cell))[0] if isinstance(cell, float) else cell


def rows_of(rows):
    return [[plain(cell) for cell in row] for row in rows]


def by_duckdb(file):
    table = duckdb.sql(f"from '{file}'")
    return {"columns": [list(map(str, column)) for column in zip(table.columns, table.types)], "rows": rows_of(table.fetchall())}


def by_polars(file):
    table = polars.read_parquet(file, hive_partitioning="*" in file)
    return {"columns": [[name, str(kind)] for name, kind in table.schema.items()], "rows": rows_of(table.rows())}


def of_parquet(file):
    metadata = duckdb.sql(f"select decode(key), decode(value) from parquet_kv_metadata('{file}')").fetchall()
    chunks = duckdb.sql(f"select path_in_schema, encodings, compression, row_group_id from parquet_metadata('{file}')").fetchall()
    return {
        "metadata": dict(metadata),
        "chunks": [{"column": column, "encodings": encodings, "compression": compression} for column, encodings, compression, _ in chunks],
        "row_groups": len({group for *_, group in chunks}),
    }


file = sys.argv[1]
found = {"duckdb": by_duckdb(file)}
if file.endswith(".parquet"):
    found["polars"] = by_polars(file)
    found |= {} if "*" in file else of_parquet(file)
json.dump(found, sys.stdout)

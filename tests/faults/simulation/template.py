"""Simulation: the migrated database that every story begins with.

The schema `sim` stands before `pg_catalog`, so the product's own SQL reads `now()` from a setting that goes
out with each `begin`.
"""

from __future__ import annotations

import asyncpg
from tests.faults.simulation.virtual_time import START

from twinledger.kernel.database import migrate

__all__ = ["PATH", "make_template"]

PATH = "public, sim, pg_catalog"
_SIM = """
    create schema if not exists sim;
    create sequence if not exists sim.uuids;
    create or replace function sim.now() returns timestamptz language sql stable
        as $$ select to_timestamp(current_setting('sim.began')::float8) $$;
    create or replace function sim.clock_timestamp() returns timestamptz language sql volatile
        as $$ select to_timestamp(current_setting('sim.clock')::float8) $$;
    create or replace function sim.gen_random_uuid() returns uuid language sql volatile
        as $$ select md5(nextval('sim.uuids')::text)::uuid $$;
"""


async def make_template(server_dsn: str, name: str, address: str) -> None:
    """A migrated database whose defaults read the virtual time."""
    connection = await asyncpg.connect(server_dsn)
    try:
        await connection.execute(f"drop database if exists {name} with (force)")
        await connection.execute(f"create database {name}")
        await connection.execute(f"alter database {name} set search_path = {PATH}")
        await connection.execute(f"alter database {name} set sim.began = '{START.timestamp()}'")
        await connection.execute(f"alter database {name} set sim.clock = '{START.timestamp()}'")
    finally:
        await connection.close()
    inside = await asyncpg.connect(address)
    try:
        await inside.execute(_SIM)
    finally:
        await inside.close()
    await migrate(address)

"""A database that says deadlock once, as when two transactions wait for each other."""

from __future__ import annotations

__all__ = ["deadlock_once"]


def deadlock_once(table: str, when: str = "true") -> str:
    """Statements that make it: at the first update of such a row. `passages` counts them."""
    return f"""
        create sequence passages;
        create function trip() returns trigger language plpgsql as $$ begin
            if nextval('passages') = 1 then raise exception using errcode = '40P01'; end if;
            return new;
        end $$;
        create trigger trip before update on {table} for each row when ({when}) execute function trip();
    """

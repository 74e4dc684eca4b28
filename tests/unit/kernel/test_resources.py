from __future__ import annotations

from twinledger.kernel.resources import migrations_dir, schema_dir


def test_schemas_and_migrations_are_found_in_a_checkout() -> None:
    assert (schema_dir() / "ids.lock.json").is_file()
    assert min(path.name for path in migrations_dir().glob("*.sql")) == "0001_road.sql"

-- A hint that is older than a read of its record was served by it (docs/decisions/0028).
alter table due_read
    add column heard_at timestamptz,           -- when the newest hint was given
    add column read_began_at timestamptz;      -- when the last read that was served began

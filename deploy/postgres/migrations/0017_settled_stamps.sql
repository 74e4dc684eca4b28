-- A stamp is settled by a second look: the vendor's clock may be minutes from ours, and says nothing of its age.
alter table due_read add column shown_stamp timestamptz,    -- of the version that the last read showed
                     add column shown_since timestamptz;    -- when the first read began that showed it
comment on column due_read.read_stamp is 'the stamp of the version read last, once no later change can hide behind it';

-- Operations of sync: the gate a person holds, plans, jobs of the stages, drift, lanes of a budget.

-- Held: planned writes stay where they are, but for those of an accepted plan.
alter table workspace add column held_at timestamptz;
alter table workspace add column held_by text not null default ''; -- 'go_live', or why a person paused

-- The hash of the accepted plan that lets this write through a held gate.
alter table intent add column released_by text;
create index intent_released on intent (released_by) where released_by is not null;

create table sync_plan (
    id          bigint generated always as identity primary key,
    workspace   text not null,
    hash        text not null,
    kind        text not null check (kind in ('sync', 'undo')),
    origin      jsonb not null default '{}',   -- of an undo: what it takes back
    writes      jsonb not null,                -- each with the values it replaces
    made_at     timestamptz not null default now(),
    accepted_at timestamptz,
    reason      text not null default ''
);
create unique index sync_plan_open on sync_plan (workspace, hash) where accepted_at is null;

-- Long work that a stage does: a row, so that nothing is lost when whoever asked for it goes away.
create table job (
    id         text primary key,
    workspace  text not null,
    kind       text not null check (kind in ('backfill', 'poll', 'verify')),
    state      text not null default 'queued'
               check (state in ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
    params     jsonb not null default '{}',
    cursor     jsonb not null default '{}',    -- where the work goes on
    done       bigint not null default 0,
    expected   bigint,                         -- how many records there probably are
    error      text not null default '',
    created_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    ended_at   timestamptz
);
create index job_open on job (workspace, created_at) where state in ('queued', 'running', 'paused');

-- What the last comparison of a record found; only what is not equal is kept.
create table drift (
    workspace   text not null,
    object      text not null,
    external_id text not null,                 -- 'entity:<id>' where the side has no record at all
    entity_type text not null,
    entity_id   uuid,
    result      text not null check (result in ('differs', 'missing')),
    fields      jsonb not null default '{}',   -- path -> {side, expected}
    cause       text not null,
    found_at    timestamptz not null default clock_timestamp(),
    primary key (workspace, object, external_id)
);

-- A refused lane says what it wishes: lower lanes that ask meanwhile yield to it.
create table budget_wish (
    workspace    text not null,
    budget_group text not null,
    rank         smallint not null,            -- 0 live, 1 retry, 2 verify, 3 backfill
    until        timestamptz not null,
    primary key (workspace, budget_group, rank)
) with (fillfactor = 50);
alter table budget_call add column granted_at timestamptz not null default clock_timestamp();

-- As before, with lanes. Verify and backfill are spaced, so that a live call never waits longer than until
-- the next slot; a lane that yields keeps its share of the minute (15, 10, 5 in 100), so that none starves.
create or replace function budget_take(
    p_workspace text, p_group text, p_lane text, p_wanted int, p_send_by_s double precision, p_timeout_s double precision
) returns table (permit_id uuid, wait_s double precision) language plpgsql as $$
declare
    b budget%rowtype;
    t timestamptz := clock_timestamp();
    p_rank smallint := array_position(array['live', 'retry', 'verify', 'backfill'], p_lane) - 1;
    used int;
    used_by_lane int;
    flying int;
    room int;
    wait double precision;
    oldest timestamptz;
    newest timestamptz;
begin
    select * into b from budget where workspace = p_workspace and budget_group = p_group;
    if not found then
        insert into budget (workspace, budget_group) values (p_workspace, p_group) on conflict do nothing;
        select * into b from budget where workspace = p_workspace and budget_group = p_group;
    end if;
    if b.minute is null and b.in_flight is null and b.closed_until is null then
        return query select gen_random_uuid(), 0::double precision from generate_series(1, p_wanted);
        return;
    end if;
    select * into b from budget where workspace = p_workspace and budget_group = p_group for update;
    t := clock_timestamp();
    if b.closed_until is not null and b.closed_until > t then
        return query select null::uuid, extract(epoch from b.closed_until - t)::double precision;
        return;
    end if;
    -- Without a limit a minute an answered call counts no longer: the next count stays short.
    delete from budget_call c
     where c.workspace = p_workspace and c.budget_group = p_group
       and (b.minute is null or coalesce(c.sent_at, c.send_by) < t - make_interval(secs => 60 + b.guard_s))
       and (c.answered_at is not null or c.expires_at < t);
    select count(*) filter (where coalesce(c.sent_at, c.send_by) >= t - make_interval(secs => 60 + b.guard_s)),
           count(*) filter (where c.lane = p_lane),
           count(*) filter (where c.answered_at is null and c.expires_at >= t),
           min(coalesce(c.sent_at, c.send_by))
             filter (where coalesce(c.sent_at, c.send_by) >= t - make_interval(secs => 60 + b.guard_s)),
           max(c.granted_at) filter (where c.lane in ('verify', 'backfill'))
      into used, used_by_lane, flying, oldest, newest
      from budget_call c where c.workspace = p_workspace and c.budget_group = p_group;
    room := least(p_wanted, coalesce(b.minute - used, p_wanted), coalesce(b.in_flight - flying, p_wanted));
    wait := case when room > 0 then 0
                 when b.minute is not null and used >= b.minute
                 then greatest(0.01, extract(epoch from oldest + make_interval(secs => 60 + b.guard_s) - t))
                 else 0.05 end;
    if room > 0 and p_rank > 0 and exists (
           select from budget_wish w where w.workspace = p_workspace and w.budget_group = p_group
              and w.rank < p_rank and w.until > t)
       and (b.minute is null or used_by_lane >= b.minute * (array[70, 15, 10, 5])[p_rank + 1] / 100.0) then
        return query select null::uuid, 0.1::double precision;
        return;
    end if;
    if room > 0 and p_rank >= 2 and b.minute is not null then
        room := 1;
        wait := coalesce(extract(epoch from newest + make_interval(secs => (60 + b.guard_s) / b.minute) - t), 0);
        if wait > 0 then
            return query select null::uuid, wait;
            return;
        end if;
    end if;
    if room <= 0 then
        insert into budget_wish values (p_workspace, p_group, p_rank, t + interval '3 s')
        on conflict (workspace, budget_group, rank) do update set until = excluded.until;
        return query select null::uuid, wait;
        return;
    end if;
    if p_wanted <= room then
        delete from budget_wish w where w.workspace = p_workspace and w.budget_group = p_group and w.rank = p_rank;
    end if;
    return query
        insert into budget_call (workspace, budget_group, lane, send_by, expires_at, granted_at)
        select p_workspace, p_group, p_lane, t + make_interval(secs => p_send_by_s), t + make_interval(secs => p_timeout_s), t
          from generate_series(1, room)
        returning id, 0::double precision;
end $$;

-- Records a comparison has met so far: what is linked and not in here at the end is missing at the vendor.
create table job_seen (
    job_id      text not null references job (id) on delete cascade,
    external_id text not null,
    primary key (job_id, external_id)
);

-- What PostgreSQL remembers about records: the merge base of every side and each planned write.
-- JSONB keeps one record in one row; `fields` is canonical path -> value everywhere.

create table workspace (
    id            text primary key,
    reference_key bytea not null,              -- never rotated: references are derived from it
    settings      jsonb not null default '{}',
    opened_at     timestamptz,                 -- first read taken in: from here on writes are sent
    catching_up   boolean not null default false,  -- ingest was away: creates wait until it has caught up
    created_at    timestamptz not null default now()
);

create table entity (
    id         uuid primary key,
    workspace  text not null,
    type       text not null,
    version    bigint not null,
    origin     text not null,                  -- 'freshbooks.client/24018' or 'flow:NAME/<entity id>'
    fields     jsonb not null,
    clocks     jsonb not null,                 -- path -> [version that set it, writer, remote time]
    definition text not null default '',
    updated_at timestamptz not null default now()
);
create index entity_by_type on entity (workspace, type);

create table crosswalk (
    workspace   text not null,
    object      text not null,                 -- 'zoho_crm.contact'; its system is the part before the dot
    external_id text not null,
    entity_id   uuid not null references entity (id) deferrable initially deferred,
    role        text not null,
    status      text not null check (status in ('active', 'merged_into', 'deleted', 'orphan')),
    linked_at   timestamptz not null default now(),
    primary key (workspace, object, external_id)
);
create unique index crosswalk_one_active on crosswalk (entity_id, object, role) where status = 'active';

create table shadow (
    entity_id         uuid not null references entity (id) deferrable initially deferred,
    object            text not null,
    role              text not null,
    external_id       text not null,
    fields            jsonb not null,
    bases             jsonb not null,          -- path -> entity version at which this side agreed
    content_hash      text,                    -- null: provisional, taken from what we sent
    vendor_updated_at timestamptz,
    read_started_at   timestamptz not null,
    revision          bigint not null,
    hold_until        timestamptz,             -- a lost write may still run late: nothing is sent before
    primary key (entity_id, object, role)
);

-- What the first read of an object listed and enrich has not taken in yet. While a row is here a create
-- could double a record that exists: the workspace opens when none is left.
create table first_sight (
    workspace   text not null,
    object      text not null,
    external_id text not null,
    primary key (workspace, object, external_id)
);

create table match_key (
    workspace text not null,
    value     text not null,                   -- 'customer?email=ana@harbor.example'
    entity_id uuid not null references entity (id) deferrable initially deferred,
    primary key (workspace, value, entity_id)
);
create index match_key_by_entity on match_key (entity_id);

create table reference (
    workspace text not null,
    reference text not null,
    entity_id uuid not null references entity (id) deferrable initially deferred,
    object    text not null,
    role      text not null,
    primary key (workspace, reference)
);

create table intent (
    id             uuid primary key,
    workspace      text not null,
    budget_group   text not null,
    entity_id      uuid not null,
    object         text not null,
    role           text not null,
    op             text not null check (op in ('create', 'update')),
    patch          jsonb not null,             -- canonical path -> value to reach
    bases          jsonb not null,             -- canonical path -> entity version the value comes from
    expected       jsonb,                      -- what was sent, while SENDING or UNKNOWN
    phase          text,                       -- the part of the patch the running call carries
    reference      text,
    state          text not null
                   check (state in ('planned', 'sending', 'unknown', 'confirmed', 'rejected', 'superseded')),
    attempt        int not null default 0,     -- calls made; part of every compare-and-set
    failures       int not null default 0,     -- steps taken on the wait ladder
    name_attempt   int not null default 0,     -- which form of a name that the vendor wants unique
    lane           text not null default 'live',
    entity_version bigint not null,
    waits_for      text,                       -- 'entity:<id>@zoho_books.contact'
    not_before     timestamptz not null default now(),
    received_at    timestamptz,                -- at ingest: what event_to_write is measured from
    planned_at     timestamptz not null default now(),
    first_sent_at  timestamptz,
    sent_at        timestamptz,
    send_by        timestamptz,
    owner          text,
    permit_id      uuid,
    external_id    text,
    error_class    text,
    error          text,
    settled_at     timestamptz
);
create index intent_queue on intent (workspace, budget_group, not_before, planned_at)
    where state = 'planned' and waits_for is null;
create index intent_open on intent (entity_id, object, role)
    where state in ('planned', 'sending', 'unknown', 'rejected');
create unique index intent_one_unsettled on intent (entity_id, object, role)
    where state in ('sending', 'unknown');
create index intent_waiting on intent (waits_for) where waits_for is not null and state = 'planned';
create index intent_in_flight on intent (state, sent_at) where state in ('sending', 'unknown');

create table conflict (
    id          bigint generated always as identity primary key,
    workspace   text not null,
    entity_id   uuid not null,
    entity_type text not null,
    field       text not null,
    policy      text not null,                 -- the rule that chose
    winner      jsonb not null,                -- {value, writer, at}
    loser       jsonb not null,
    found_at    timestamptz not null default now()
);

create table review_item (
    id          bigint generated always as identity primary key,
    workspace   text not null,
    kind        text not null,                 -- match, totals, unknown_outcome, ...
    subject     text not null,                 -- what it is about; one open question per kind and subject
    evidence    jsonb not null,
    state       text not null default 'open' check (state in ('open', 'answered', 'withdrawn')),
    raised_at   timestamptz not null default now()
);
create unique index review_item_open on review_item (workspace, kind, subject) where state = 'open';

create table audit (
    id          bigint generated always as identity primary key,
    workspace   text not null,
    entity_id   uuid not null,
    field       text not null,
    old         jsonb,
    new         jsonb,
    cause       text not null,                 -- 'observation zoho_crm.contact/415...' or 'rule NAME'
    definition  text not null default '',
    at          timestamptz not null default now()
);
create index audit_by_entity on audit (entity_id, id);

-- Budgets: one row an organization and budget group; a call counts from its grant until it ages out.
create table budget (
    workspace     text not null,
    budget_group  text not null,
    minute        int,                         -- calls in 60 s; null: not limited
    in_flight     int,                         -- calls at once; null: not limited
    guard_s       double precision not null default 2,
    closed_until  timestamptz,
    primary key (workspace, budget_group)
);
-- guard_s: seconds a slot stays taken beyond the vendor's window, since we time sends, not arrivals.
create table budget_call (
    id           uuid primary key default gen_random_uuid(),
    workspace    text not null,
    budget_group text not null,
    lane         text not null,
    send_by      timestamptz not null,         -- counts here until its real send time is known
    sent_at      timestamptz,
    answered_at  timestamptz,
    expires_at   timestamptz not null          -- an unanswered call holds its slot no longer than this
);
create index budget_call_window on budget_call (workspace, budget_group, send_by);

-- Grants `wanted` calls or as many as fit right now; (0 rows, wait_s > 0) when none fits.
create function budget_take(
    p_workspace text, p_group text, p_lane text, p_wanted int, p_send_by_s double precision, p_timeout_s double precision
) returns table (permit_id uuid, wait_s double precision) language plpgsql as $$
declare
    b budget%rowtype;
    t timestamptz := clock_timestamp();
    used int;
    flying int;
    room int;
    oldest timestamptz;
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
           count(*) filter (where c.answered_at is null and c.expires_at >= t),
           min(coalesce(c.sent_at, c.send_by))
             filter (where coalesce(c.sent_at, c.send_by) >= t - make_interval(secs => 60 + b.guard_s))
      into used, flying, oldest
      from budget_call c where c.workspace = p_workspace and c.budget_group = p_group;
    room := least(p_wanted, coalesce(b.minute - used, p_wanted), coalesce(b.in_flight - flying, p_wanted));
    if room <= 0 then
        return query select null::uuid, case
            when b.minute is not null and used >= b.minute
            then greatest(0.01, extract(epoch from oldest + make_interval(secs => 60 + b.guard_s) - t))::double precision
            else 0.05::double precision end;
        return;
    end if;
    return query
        insert into budget_call (workspace, budget_group, lane, send_by, expires_at)
        select p_workspace, p_group, p_lane, t + make_interval(secs => p_send_by_s), t + make_interval(secs => p_timeout_s)
          from generate_series(1, room)
        returning id, 0::double precision;
end $$;

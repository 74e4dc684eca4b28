-- The loader reads the first writes of a group's queue in their turn, however long the queue is.
drop index intent_queue;
create index intent_in_turn on intent (
        workspace, budget_group,
        (case lane when 'live' then 0 when 'retry' then 1 when 'verify' then 2 else 3 end), planned_at)
    where state = 'planned' and waits_for is null;

-- When the next postponed write is due is asked after each look that found nothing; the queue may be long by then.
create index intent_postponed on intent (workspace, budget_group, not_before)
    where state = 'planned' and waits_for is null and not_before > planned_at;

-- The writes under way are few at any moment, but a planner that believes there is one of them takes this
-- index for every question about a target too, and reads all of them each time. One index is left for both.
drop index intent_in_flight;

-- What the stages read and write whole is handed through as text: taking a `jsonb` apart and putting it together
-- again was a tenth of the database's work. People still ask it with -> and ->>. Each table is written anew, once
-- (`shadow` twice): stop the stages first, an older one cannot read what it finds then.

-- Room for the next version beside the last one.
alter table entity set (fillfactor = 80);
alter table shadow set (fillfactor = 70);

alter table entity
    alter column fields type json using fields::json,
    alter column clocks type json using clocks::json,
    alter column parked drop default, alter column parked type json using parked::json,
    alter column parked set default '{}';

alter table intent
    alter column patch type json using patch::json,
    alter column bases type json using bases::json,
    alter column expected type json using expected::json,
    alter column carried type json using carried::json;

-- The customer has a column of its own: an index over `fields` would be written with each change of any field.
drop index shadow_by_customer;
alter table shadow
    alter column fields type json using fields::json,
    alter column bases type json using bases::json,
    alter column late type json using late::json,
    alter column marks drop default, alter column marks type json using marks::json,
    alter column marks set default '{}';
alter table shadow add column customer text generated always as (fields ->> 'customer') stored;
create index shadow_by_customer on shadow (customer) where customer is not null;

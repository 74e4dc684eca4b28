-- What a lost update stated besides its own change, an address that the vendor takes whole: run late, it puts that back too.
alter table intent add column carried jsonb;

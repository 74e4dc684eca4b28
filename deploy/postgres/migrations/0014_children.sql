-- An end is judged when the documents that name the record have been heard: they tell a merge from a deletion.
create index shadow_by_customer on shadow ((fields ->> 'customer')) where fields ? 'customer';

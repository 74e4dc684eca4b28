-- Nobody asks what became of a version that was taken in: that it was is enough.
alter table inbox drop column outcome;

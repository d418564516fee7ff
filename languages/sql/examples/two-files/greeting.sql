create view greeting as
  select 'from the other file' as message;

create table blocks (block blob);

with recursive numbers(n) as (
  select 1
  union all
  select n + 1 from numbers
)
insert into blocks select randomblob(1000000) from numbers;

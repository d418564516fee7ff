select 'looping';

with recursive numbers(n) as (
  select 1
  union all
  select n + 1 from numbers
)
select count(*) from numbers;

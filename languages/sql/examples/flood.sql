with recursive numbers(n) as (
  select 1
  union all
  select n + 1 from numbers
)
select '0123456789' from numbers;

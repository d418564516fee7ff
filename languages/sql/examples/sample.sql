-- Which planets have moons, and how many are there in all?
create table planets (name text, moons integer);

insert into planets values
  ('Mercury', 0), ('Venus', 0), ('Earth', 1), ('Mars', 2),
  ('Jupiter', 97), ('Saturn', 274), ('Uranus', 28), ('Neptune', 16);

.mode box
select name, moons from planets where moons > 0 order by moons desc;
select sum(moons) as 'all moons' from planets;

create table pets (name text unique, legs integer check (legs >= 0));
insert into pets values ('Tom', 4);
select 'before';
insert into pets values ('Tweety', -2); -- fails here
select count(*) from pets;

create table pets (name text);
insert into pets valuse ('Tom');
select name from pets;

.read greeting.sql
select message from greeting;

-- Each line of the input is a row: with this separator, no text in it starts a new column.
create table input (line text);
.separator "\037"
.import /dev/stdin input

select line from input order by rowid;
select 'end of input';

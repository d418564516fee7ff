create table input (line text);
.import /dev/stdin input

select 'Grüße, ' || line || '!' from input;

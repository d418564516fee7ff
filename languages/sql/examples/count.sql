create table input (line text);
.import /dev/stdin input

-- Each line ends in one more byte.
select coalesce(sum(octet_length(line) + 1), 0) from input;

use strict;
use warnings;

$| = 1;
print "looping\n";
1 while 1;

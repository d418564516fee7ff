use strict;
use warnings;

print "0123456789\n" while 1;

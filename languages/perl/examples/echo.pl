use strict;
use warnings;

while (my $line = <STDIN>) {
    print $line;
}
print "end of input\n";

use strict;
use warnings;

my $bytes = 0;
$bytes += length while <STDIN>;
print "$bytes\n";

use strict;
use warnings;

my @pieces;
push @pieces, 'x' x (4_000_000 + @pieces) while 1;

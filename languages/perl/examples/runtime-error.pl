use strict;
use warnings;

sub share {
    my ($cakes, $people) = @_;
    return $cakes / $people;    # fails here
}

print "before\n";
print share(6, 0), "\n";

package Other;

use strict;
use warnings;

sub message {
    return 'from the other file';
}

1;

use strict;
use warnings;

kill ABRT => $$;

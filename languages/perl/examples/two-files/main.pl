use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin;
use Other;

print Other::message(), "\n";

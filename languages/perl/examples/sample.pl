use strict;
use warnings;

# Greets whoever is at the keyboard.
sub greeting {
    my ($name) = @_;
    return "Hello, $name!";    # Variables inside double quotes become their values.
}

print "Your name? ";
chomp(my $name = <STDIN>);
print greeting($name), "\n";

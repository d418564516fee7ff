my @numbers = (1, 2, 3);
print "the sum is " 1 + 2;

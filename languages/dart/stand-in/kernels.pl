# Usage: perl kernels.pl < VM
# Writes two of the compiled Dart programs ("kernels") that the virtual machine carries as files of their own: the compiler
# (kernel-service.dill) and the core libraries (platform.dill), which are the largest and the second largest.
use strict;
use warnings;

local $/;
my $vm = <STDIN>;

# A kernel begins with 90abcdef and ends with its length, a multiple of 8.
my @kernels;
while ($vm =~ /\x90\xab\xcd\xef/g) {
    my $start = $-[0];
    for (my $length = 8; $start + $length <= length $vm; $length += 8) {
        next if unpack("N", substr($vm, $start + $length - 4, 4)) != $length;
        push @kernels, substr($vm, $start, $length);
        last;
    }
}
@kernels = sort { length $b <=> length $a } @kernels;

for my $name ("kernel-service.dill", "platform.dill") {
    open my $file, ">", $name or die "$name: $!";
    print $file shift @kernels;
    close $file or die "$name: $!";
}

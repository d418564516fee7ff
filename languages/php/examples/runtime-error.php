<?php

function share(int $cakes, int $people): int
{
    return intdiv($cakes, $people); // fails here
}

echo "before\n";
echo share(6, 0), "\n";

<?php

$line = trim(fgets(STDIN));
echo "Grüße, $line!\n";

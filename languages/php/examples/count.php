<?php

$bytes = 0;
while (($line = fgets(STDIN)) !== false) {
    $bytes += strlen($line);
}
echo $bytes, "\n";

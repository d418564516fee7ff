<?php

while (($line = fgets(STDIN)) !== false) {
    echo $line;
}
echo "end of input\n";

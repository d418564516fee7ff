<?php

$pieces = [];
while (true) {
    $pieces[] = str_repeat('x', 4_000_000);
}

<?php

// Greets whoever is at the keyboard.
function greeting(string $name): string
{
    // Variables inside double quotes become their values.
    return "Hello, $name!";
}

$name = readline('Your name? ');
echo greeting($name), "\n";

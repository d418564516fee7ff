<?php

require_once __DIR__ . '/other.php';

echo message(), "\n";

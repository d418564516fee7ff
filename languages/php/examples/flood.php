<?php

while (true) {
    echo "0123456789\n";
}

<?php

echo "leaving\n";
exit(7);

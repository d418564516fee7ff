<?php
echo "the sum is " array_sum([1, 2, 3]);

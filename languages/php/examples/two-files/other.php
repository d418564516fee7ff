<?php

function message(): string
{
    return 'from the other file';
}

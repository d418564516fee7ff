String message() => 'from the other file';

name=Ada
if true; then; echo "Hello, $name!"; fi

for argument in "$@"; do
  printf '%s\n' "$argument"
done
printf '%s\n' "$GREETING"

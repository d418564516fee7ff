printf -v piece '%*s' 4000000 ''
pieces=()
while true; do
  pieces+=("$piece")
done

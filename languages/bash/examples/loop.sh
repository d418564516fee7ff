echo "looping"
while true; do
  :
done

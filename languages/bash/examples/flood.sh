while true; do
  echo "0123456789"
done

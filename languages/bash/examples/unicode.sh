read -r line
echo "Grüße, $line!"

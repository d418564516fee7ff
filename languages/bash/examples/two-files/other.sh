message() {
  echo "from the other file"
}

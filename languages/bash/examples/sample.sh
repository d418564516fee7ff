#!/bin/bash

# Greets whoever is at the keyboard.
greet() {
  local name=$1
  # Variables inside double quotes become their values.
  echo "Hello, $name!"
}

printf 'Your name? '
read -r name
greet "$name"

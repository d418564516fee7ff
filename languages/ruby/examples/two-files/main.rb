require_relative "other"

puts message

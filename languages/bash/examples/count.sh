wc --bytes

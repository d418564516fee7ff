set -u

echo "before"
echo "Hello, $nmae!" # fails here
echo "after"

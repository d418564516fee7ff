function area(width, height) {
  if (width < 0 || height < 0) {
    throw new RangeError("a side is negative"); // fails here
  }
  return width * height;
}

console.log("before");
console.log(area(3, -4));

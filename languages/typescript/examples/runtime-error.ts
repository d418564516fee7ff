interface Shape {
  width: number;
  height: number;
}

function area(shape: Shape): number {
  if (shape.width < 0 || shape.height < 0) {
    throw new RangeError("a side is negative"); // fails here
  }
  return shape.width * shape.height;
}

console.log("before");
console.log(area({ width: 3, height: -4 }));

let bytes = 0;
for await (const chunk of process.stdin) {
  bytes += (chunk as Buffer).length;
}
console.log(bytes);

// Loaded before a program: output waits while its pipe is full, as it does on a terminal. Node would keep in memory what a
// full pipe does not take until the program is idle: a loop that prints fills the memory, `process.exit` loses the rest.
for (const name of ["stdout", "stderr"]) {
  const property = Object.getOwnPropertyDescriptor(process, name);
  let stream;
  const get = () => {
    if (!stream) {
      stream = property.get.call(process);
      stream._handle?.setBlocking?.(true);
    }
    return stream;
  };
  Object.defineProperty(process, name, { ...property, get });
}

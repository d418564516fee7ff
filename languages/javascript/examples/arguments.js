for (const argument of process.argv.slice(2)) {
  console.log(argument);
}
console.log(process.env.GREETING);

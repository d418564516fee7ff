console.log("looping");
for (;;) {
}

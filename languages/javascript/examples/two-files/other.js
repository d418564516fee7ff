export function message() {
  return "from the other file";
}

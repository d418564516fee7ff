import { message } from "./other.js";

console.log(message());

import { message } from "./other";

console.log(message());

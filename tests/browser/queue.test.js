// A server that is busy.

import { test } from "node:test";

import { setUp } from "./support/page.js";

const { open } = setUp("--max-concurrent-executions", "1", "--max-waiting", "1");

test("who waits sees the place in the queue, and who cannot wait is told so", async () => {
  const first = await open();
  const second = await open({ context: first.context });
  const third = await open({ context: first.context });
  await first.run('input("first? ")\n');
  await first.screenShows("first?");
  await second.run('print("second")\n');
  await second.statusSays(/^Waiting, place 1/);
  await third.run('print("third")\n');
  await third.statusSays(/^The server is busy/);
  await first.answer("");
  await second.statusSays(/^Finished/);
});

// One line per test, and a closing line that machines read: "N passed, N failed".

export default async function* report(events) {
  let passed = 0;
  let failed = 0;
  for await (const { type, data } of events) {
    if (type === "test:stdout" || type === "test:stderr") yield data.message;
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.details.type === "suite") continue;
    if (type === "test:pass") {
      passed += 1;
      yield `ok    ${data.name} (${Math.round(data.details.duration_ms)} ms)\n`;
    } else {
      failed += 1;
      const { error } = data.details;
      yield `FAIL  ${data.name}\n${(error?.cause?.stack ?? error?.cause ?? error?.stack ?? String(error)).toString().replace(/^/gm, "      ")}\n`;
    }
  }
  yield `${passed} passed, ${failed} failed\n`;
}

// What the page says about runs and errors. Plain words, what happened first, what to do about it last.

export function seconds(time) {
  return `${time.toFixed(time < 10 ? 2 : 1)} s`;
}

/** A count that is read while it runs. */
export function countedSeconds(time) {
  return `${time.toFixed(1)} s`;
}

/** A limit. */
export function wholeSeconds(time) {
  return time >= 120 && time % 60 === 0 ? `${time / 60} min` : `${Number(time.toFixed(1))} s`;
}

export function megabytes(bytes) {
  const value = bytes / (1 << 20);
  return `${value < 1 ? "under 1" : Math.round(value)} MB`;
}

const SIGNALS = {
  SIGABRT: "it gave up by itself",
  SIGBUS: "memory access that is not allowed",
  SIGFPE: "arithmetic error, such as a division by zero",
  SIGILL: "illegal instruction",
  SIGINT: "interrupted",
  SIGKILL: "killed",
  SIGSEGV: "memory access that is not allowed",
  SIGTERM: "asked to end",
};

/** `{ tone, text, facts, advice }` of an execution-complete message. `limits` are the language's. */
export function outcomeWords(outcome, limits) {
  const facts = [];
  if (typeof outcome.time === "number") facts.push(seconds(outcome.time));
  if (outcome.memory) facts.push(megabytes(outcome.memory));
  if (outcome.truncated && outcome.status !== "output-limit") facts.push("output cut off");
  const stage = outcome.status === "compile-error" ? outcome.compile ?? outcome : outcome;
  const { tone = "failure", text, exit, advice = "" } = described(outcome, stage, limits);
  if (exit) facts.unshift(exit);
  return { tone, text, facts, advice };
}

function described(outcome, stage, limits) {
  const run = limits?.run;
  switch (outcome.status) {
    case "success":
      return { tone: "success", text: "Finished", exit: "exit 0" };
    case "runtime-error":
      return { text: "Ended with an error", exit: `exit ${outcome.exitCode}` };
    case "signaled":
      return {
        text: outcome.signal === "SIGINT" ? "Interrupted" : "Crashed",
        exit: SIGNALS[outcome.signal] ? `${outcome.signal}, ${SIGNALS[outcome.signal]}` : outcome.signal,
      };
    case "compile-error":
      return compileFailure(stage, limits);
    case "time-limit":
      return outcome.timeLimit === "cpu"
        ? {
          text: `Stopped at the limit of ${run ? wholeSeconds(run.cpuTime) : "processor time"}${run ? " of processor time" : ""}`,
          advice: "Look for a loop that does not end, or give it less to do.",
        }
        : {
          text: `Stopped at the time limit${run ? ` of ${wholeSeconds(run.wallTime)}` : ""}`,
          advice: "If it waited for input, answer sooner; if not, look for a loop that does not end.",
        };
    case "memory-limit":
      return {
        text: `Stopped at the memory limit${run ? ` of ${megabytes(run.memory)}` : ""}`,
        advice: "Keep less at a time, or look for something that grows without end.",
      };
    case "output-limit":
      return {
        text: `Stopped at the output limit${run ? ` of ${megabytes(run.output)}` : ""}`,
        advice: "Print less, or look for a loop that does not end.",
      };
    case "process-limit":
      return {
        text: `Stopped at the limit of ${limits?.processes ?? "its"} processes and threads`,
        advice: "Start fewer at a time, and wait for those that were started.",
      };
    case "cancelled":
      return { tone: "quiet", text: "Stopped" };
    default:
      return { text: "The server could not run it", advice: "Your code is kept. Try again." };
  }
}

function compileFailure(stage, limits) {
  const compile = limits?.compile;
  switch (stage.status) {
    case "time-limit":
      return { text: `The compiler was stopped at its time limit${compile ? ` of ${wholeSeconds(compile.wallTime)}` : ""}` };
    case "memory-limit":
      return { text: `The compiler was stopped at its memory limit${compile ? ` of ${megabytes(compile.memory)}` : ""}` };
    default:
      return { text: "Did not compile" };
  }
}

const ERRORS = {
  "queue-full": "The server is busy: too many programs wait. Try again in a moment.",
  "engine-unreachable": "The server cannot start programs at the moment. Try again later.",
  "shutting-down": "The server is about to restart. Try again in a moment.",
  "body-too-large": "The program is too long for the server.",
  "message-too-large": "The program is too long for the server.",
  "unauthorized": "This server needs a key, and the page has none.",
  "missing-key": "This server needs a key, and the page has none.",
  "invalid-key": "This server needs a key, and the page has none.",
  "forbidden": "This server does not let the page run programs.",
  "rate-limited": "Too many runs in a short time. Wait a moment.",
  "too-many-requests": "Too many runs in a short time. Wait a moment.",
  "too-many-messages": "Too much was sent in a short time. Wait a moment.",
  "internal-error": "The server could not run it. Your code is kept. Try again.",
};

/** An `error` message in words; the server's own where we have none. */
export function errorWords({ code, message }, language) {
  if (code === "image-not-built") return imageWords(language);
  return ERRORS[code] ?? (message ? sentence(message) : "The server could not run it. Try again.");
}

/** Why a language cannot be used at the moment. */
export function imageWords({ name, image }) {
  if (image.state === "building") return `${name} is being prepared${image.progress ? `: ${image.progress}` : ""}. Run again when it is ready.`;
  if (image.state === "failed") return `${name} cannot be used: its image could not be built. The list of languages has the log.`;
  return `${name} is not ready: its image is not built yet.`;
}

function sentence(text) {
  const capital = text[0].toUpperCase() + text.slice(1);
  return /[.?]$/.test(capital) ? capital : `${capital}.`;
}

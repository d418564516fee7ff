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
  const stage = outcome.status === "compile-error" ? outcome.compile ?? outcome : outcome;
  const facts = [];
  if (typeof stage.time === "number") facts.push(seconds(stage.time));
  if (stage.memory) facts.push(megabytes(stage.memory));
  if (stage.truncated && outcome.status !== "output-limit") facts.push("output cut off");
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

const KEY_NEEDED = ["This server needs a key", "Load the page again to enter one."];
const TOO_LONG = ["The program is too long for the server"];
const TOO_FAST = ["Too much in a short time", "Wait a moment, then try again."];

const ERRORS = {
  "queue-full": ["The server is busy", "Too many programs wait. Try again in a moment."],
  "engine-unreachable": ["The server cannot start programs at the moment", "Try again later."],
  "shutting-down": ["The server is about to restart", "Try again in a moment."],
  "body-too-large": TOO_LONG,
  "message-too-long": TOO_LONG,
  "unknown-language": ["The server does not have this language any more", "Load the page again."],
  "input-has-ended": ["The input has ended", "Nothing more can be typed to this run."],
  "too-many-executions": ["Too many programs run at once from here", "Stop one of them, or wait for its end."],
  "foreign-origin": ["This server does not take runs from this address of the page"],
  "missing-key": KEY_NEEDED,
  "wrong-key": KEY_NEEDED,
  "too-many-requests": TOO_FAST,
  "too-many-waiting": ["Too many programs of yours wait", "Wait until one of them has begun."],
  "waited-too-long": ["The server is busy", "The program has waited too long for its turn. Try again later."],
  "too-many-messages": TOO_FAST,
  "internal-error": ["The server could not run it", "Your code is kept. Try again."],
};

/** `{ tone, text, advice }` of an `error` message; the server's own words where we have none. */
export function errorWords({ code, message }, language) {
  if (code === "image-not-built") return imageWords(language);
  const [text, advice] = ERRORS[code] ?? ["The server refused it", message ? sentence(message) : "Try again."];
  return { tone: "failure", text, advice };
}

/** `{ tone, text, facts, advice }`: why a language cannot be used at the moment. */
export function imageWords({ name, image }) {
  switch (image.state) {
    case "building":
      return { tone: "busy", text: `${name} is being prepared`, facts: image.progress ? [image.progress] : [], advice: "It can be run when it is ready." };
    case "failed":
      return { tone: "failure", text: `${name} cannot be used`, advice: "Its image could not be built. The list of languages has the log." };
    default:
      return { tone: "failure", text: `${name} cannot be used yet`, advice: "Its image is not built." };
  }
}

function sentence(text) {
  const capital = text[0].toUpperCase() + text.slice(1);
  return /[.?]$/.test(capital) ? capital : `${capital}.`;
}

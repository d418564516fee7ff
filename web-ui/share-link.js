// A link that carries a language and a program in its fragment, which browsers keep to themselves.
//
//   #l=python&c=...   c is base64url of the program's UTF-8, compressed as raw DEFLATE (RFC 1951)

/** A link is somebody else's: what it unpacks to is bounded. */
const MOST_BYTES = 1 << 20;

export async function linkTo(page, language, code) {
  const packed = await collect(new Blob([code]).stream().pipeThrough(new CompressionStream("deflate-raw")));
  const link = new URL(page);
  link.hash = new URLSearchParams({ l: language, c: toBase64Url(packed) }).toString();
  return link.href;
}

/** `{ language, code }`, or null where the fragment is none of ours or is broken. */
export async function readFragment(fragment) {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const language = fields.get("l");
  const packed = fields.get("c");
  if (!language || packed === null) return null;
  try {
    const stream = new Blob([fromBase64Url(packed)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return { language, code: new TextDecoder().decode(await collect(stream, MOST_BYTES)) };
  } catch {
    return null;
  }
}

async function collect(stream, most = Infinity) {
  const chunks = [];
  let size = 0;
  for (const reader = stream.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > most) {
      await reader.cancel();
      throw new RangeError("too long");
    }
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function toBase64Url(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

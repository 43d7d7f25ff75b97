/**
 * Checking a receipt in this browser: that the log has the entry (RFC 6962), and that the log signed so (C2SP signed note).
 *
 * What the page was given is checked here, by this device. Whoever wants to rely on no code of ours takes the file and
 * the how-to. Of the log's two signatures this checks Ed25519; browsers know no ML-DSA yet.
 */

const encoder = new TextEncoder();

/** A receipt that does not show what it says. */
export class NotProved extends Error {}

/** Check a receipt, `{entry, proof}`, by the log's verifier keys (a text of lines); throws NotProved. */
export async function checkReceipt({ entry, proof }, verifier) {
  const { index, path, note } = parsed(proof);
  const { size, root, signed, signatures } = checkpointOf(note);
  const reached = await rootFrom(await sha256(0, encoder.encode(entry)), index, size, path);
  if (!equal(reached, root)) throw new NotProved("the entry does not lead to the signed root");
  if (!(await signedByLog(signed, signatures, verifier))) throw new NotProved("no key of the log has signed this");
  return { index, size };
}

function parsed(proof) {
  const [head, ...rest] = proof.split("\n\n");
  const [first, index, ...hashes] = head.split("\n");
  if (first !== "c2sp.org/tlog-proof@v1" || !/^index (0|[1-9][0-9]{0,15})$/.test(index ?? "")) throw new NotProved("form");
  return { index: Number(index.slice(6)), path: hashes.map(bytesOf), note: rest.join("\n\n") };
}

function checkpointOf(note) {
  const end = note.indexOf("\n\n");
  const signed = note.slice(0, end + 1);
  const [origin, size, root] = signed.split("\n");
  const signatures = note.slice(end + 2).split("\n").filter((line) => line !== "").map((line) => {
    const [, name, value] = line.match(/^— (\S+) (\S+)$/u) ?? [];
    return { name, value: value === undefined ? new Uint8Array() : bytesOf(value) };
  });
  return { origin, size: Number(size), root: bytesOf(root), signed: encoder.encode(signed), signatures: signatures.filter((one) => one.name === origin) };
}

/** The root that an inclusion path leads to (RFC 9162, section 2.1.3.2); throws NotProved for one of another length. */
async function rootFrom(leaf, index, size, path) {
  if (index >= size) throw new NotProved("the entry lies beyond the checkpoint");
  let [place, last, hash] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) throw new NotProved("the path is too long");
    if (place % 2 === 1 || place === last) {
      hash = await sha256(1, sibling, hash);
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      hash = await sha256(1, hash, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  if (last !== 0) throw new NotProved("the path is too short");
  return hash;
}

function half(number) {
  return Math.floor(number / 2);
}

/** Does a key of the log's, by its id in the signature's first four bytes, have signed the checkpoint's text? */
async function signedByLog(signed, signatures, verifier) {
  for (const line of verifier.split("\n")) {
    const [, name, id, key] = line.match(/^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/u) ?? [];
    const bytes = key === undefined ? new Uint8Array() : bytesOf(key);
    if (bytes[0] !== 1 || bytes.length !== 33) continue; // Ed25519
    for (const one of signatures) {
      if (one.name !== name || hex(one.value.slice(0, 4)) !== id) continue;
      const imported = await crypto.subtle.importKey("raw", bytes.slice(1), "Ed25519", false, ["verify"]);
      if (await crypto.subtle.verify("Ed25519", imported, one.value.slice(4), signed)) return true;
    }
  }
  return false;
}

async function sha256(label, ...parts) {
  const whole = new Uint8Array(1 + parts.reduce((length, part) => length + part.length, 0));
  whole[0] = label;
  let place = 1;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function equal(one, other) {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}

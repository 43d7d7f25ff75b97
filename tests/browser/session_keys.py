"""What a browser keeps of session keys, and what may happen to them there, as scripts to evaluate in a page."""

KEPT = """
() => new Promise((resolve, reject) => {
  const request = indexedDB.open("record-ledger");
  request.onupgradeneeded = () => request.transaction.abort(); // where nothing was kept, nothing is made by looking
  request.onerror = () => (request.error.name === "AbortError" ? resolve([]) : reject(request.error));
  request.onsuccess = () => {
    const database = request.result;
    const all = database.transaction("session-keys").objectStore("session-keys").getAll();
    all.onsuccess = () => {
      database.close();
      resolve(all.result.map(({ person, kid, privateKey }) => ({ person, kid, extractable: privateKey.extractable })));
    };
  };
})
"""
"""The keys that are kept."""

EVICT = 'new Promise((done) => { indexedDB.deleteDatabase("record-ledger").onsuccess = done; })'
"""The browser takes its storage back."""

EXPIRE = """
() => new Promise((done) => {
  indexedDB.open("record-ledger").onsuccess = ({ target: { result: database } }) => {
    const transaction = database.transaction("session-keys", "readwrite");
    const store = transaction.objectStore("session-keys");
    store.getAll().onsuccess = ({ target: { result: [key] } }) => store.put({ ...key, notAfter: Date.now() - 1 });
    transaction.oncomplete = () => { database.close(); done(); };
  };
})
"""
"""Twelve hours are over."""

HOLD = """
(person) => new Promise((held) => {
  navigator.locks.request(`record-ledger/session-key/${person}`, () => {
    held();
    return new Promise((release) => { window.release = release; });
  });
})
"""
"""It is nobody's turn with a person's key, until ``RELEASE`` in the same page."""

RELEASE = "window.release()"

PATIENT = "AbortSignal.timeout = () => new AbortController().signal"
"""A tab that waits for its turn waits for as long as it takes, however slow the machine is."""

QUEUED = "async (tabs) => (await navigator.locks.query()).pending.length === tabs"
"""Whether so many tabs wait for their turn."""

ASKED = "async () => (await navigator.locks.query()).held.length === 1"
"""Whether it is some tab's turn, whose passkey is asked for."""

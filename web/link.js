/* One stream that is kept up, and calls of the API: what the clients of this folder have in common. Knows no page and no other module. */
/* SPDX-License-Identifier: Apache-2.0 */

const RETRY_FIRST = 1000;
const RETRY_MOST = 30000;
/* Silence that is not suspicious however fast the keep-alives came before. */
const SILENCE_LEAST = 10000;
/** A call that takes longer has failed: its buttons must not stay dead. */
export const CALL_TIMEOUT = 15000;

/** What a call throws when the server, or the network, said no. */
export class QueueError extends Error {
    /**
     * @param {string} message
     * @param {number} status  HTTP status; 0: no answer
     * @param {number} code    errorCode of the answer; -1: none
     * @param {number} [retryAfter]  ms the server asks to wait
     */
    constructor(message, status, code, retryAfter = 0) {
        super(message);
        this.name = "QueueError";
        this.status = status;
        this.code = code;
        this.retryAfter = retryAfter;
    }

    /** The offer (or task) is not the caller's, or no longer. */
    get gone() {
        return this.status === 410 || (this.status === 403 && this.code === 0);
    }
}

/** @returns {QueueError} what an answer that is no success says */
function refusal(response, answer) {
    const seconds = Number(response.headers.get("Retry-After"));
    const retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
    return new QueueError(answer?.error ?? `The server answered ${response.status}`, response.status, answer?.errorCode ?? -1, retryAfter);
}

/** The answer to a call, whatever it says; a QueueError only where there is none. @param {RequestInit} [request] */
export async function exchange(url, request = {}) {
    try {
        const headers = { Accept: "application/json", ...request.headers };
        const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(CALL_TIMEOUT), ...request, headers });
        return { response, answer: await response.json().catch(() => null) };
    } catch {
        throw new QueueError("The server does not answer", 0, -1);
    }
}

/** What it came to, or a QueueError. */
export function resultOf({ response, answer }) {
    if (response.ok && answer?.success) {
        return answer.result;
    }
    throw refusal(response, answer);
}

/** What fetch calls it. */
export const credentials = (withCredentials) => (withCredentials ? "include" : "same-origin");

/* A browser reads header bytes as Latin-1; names are UTF-8. */
export function headerText(value) {
    try {
        return value && new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(value, (one) => one.charCodeAt(0)));
    } catch {
        return value;
    }
}

/**
 * Who has a link gives it these.
 *
 * @typedef {object} Owner
 * @property {() => string} url  where the next EventSource goes: it may say more each time
 * @property {string[]} types    the events to listen for
 * @property {(type: string, event: MessageEvent) => void} hear
 * @property {() => void} opened
 * @property {() => void} broken  no stream now; it is being mended
 * @property {(reason: "refused"|"signin") => void} ended  the server wants no stream (204), or a name (401): call stop()
 * @property {(error: QueueError) => void} failed  it was refused for another reason, and is tried again
 *
 * How it is mended. After a break the browser comes back by itself, once: it keeps to the server's `retry:` and brings its newest id.
 * Where that fails, too, or the browser has given up (any status but 200), it is tried again after 1 s, 2 s, 4 s ... 30 s, with jitter,
 * without end; a stream that opens starts the waits anew. For the reason of a refusal the same address is asked by HEAD, which joins nothing.
 */
export class Link {
    /** @type {Owner} */
    #owner;
    #withCredentials;
    /** @type {AbortController|null} lives from start() to stop() */
    #life = null;
    /** @type {EventSource|null} */
    #source = null;
    #open = false;
    #failures = 0;
    /** @type {(() => void)|null} what is tried again */
    #retry = null;
    #retryTimer = 0;
    #silenceTimer = 0;
    #heardAt = 0;
    #rhythm = 0;

    constructor(owner, withCredentials = false) {
        this.#owner = owner;
        this.#withCredentials = withCredentials;
    }

    /** Aborted by stop(); null while stopped. */
    get signal() { return this.#life?.signal ?? null; }

    /** Nothing is opened yet. @returns {AbortSignal} */
    start() {
        this.stop();
        this.#life = new AbortController();
        this.#failures = 0;
        this.#rhythm = 0;
        this.#watchSurroundings(this.#life.signal);
        return this.#life.signal;
    }

    stop() {
        this.#life?.abort();
        this.#life = null;
        this.#leave();
        this.#retry = null;
        clearTimeout(this.#retryTimer);
    }

    /** Open a stream, in place of the one there may be. */
    listen() {
        this.#leave();
        const source = new EventSource(this.#owner.url(), { withCredentials: this.#withCredentials });
        this.#source = source;
        const on = (type, handler) => source.addEventListener(type, (event) => {
            if (source === this.#source) {
                handler(event);
            }
        });
        on("open", () => this.#opened());
        on("error", () => this.#broken(source));
        for (const type of new Set([...this.#owner.types, "connection"])) {
            on(type, (event) => {
                this.#heard(type);
                this.#owner.hear(type, event);
            });
        }
    }

    /** Do it later: the longer the oftener it failed, but not before `retryAfter` ms. */
    again(retryAfter, what) {
        const most = Math.min(RETRY_MOST, RETRY_FIRST * 2 ** this.#failures++);
        const wait = Math.max(retryAfter, most * (0.5 + Math.random() / 2));
        clearTimeout(this.#retryTimer);
        this.#retry = what;
        this.#retryTimer = setTimeout(() => this.#retryNow(), wait);
    }

    #leave() {
        clearTimeout(this.#silenceTimer);
        this.#source?.close();
        this.#source = null;
        this.#open = false;
    }

    #opened() {
        this.#open = true;
        this.#failures = 0;
        this.#heard("open");
        this.#owner.opened();
    }

    #broken(source) {
        const { signal } = this;
        const wasOpen = this.#open;
        clearTimeout(this.#silenceTimer);
        this.#open = false;
        this.#owner.broken();
        if (signal.aborted || (wasOpen && source.readyState !== EventSource.CLOSED)) {
            return;
        }
        if (source.readyState === EventSource.CLOSED) {
            this.#leave();
            this.#askWhy(signal);
        } else {
            this.#leave();
            this.again(0, () => this.listen());
        }
    }

    /* An EventSource does not tell which status made it give up: the same address does. */
    async #askWhy(signal) {
        const request = { method: "HEAD", headers: { Accept: "text/event-stream" }, credentials: credentials(this.#withCredentials), signal };
        const told = await exchange(this.#owner.url(), request).catch(() => null);
        if (signal.aborted) {
            return;
        }
        const status = told?.response.status;
        if (status === 204 || status === 401) {
            this.#owner.ended(status === 204 ? "refused" : "signin");
            return;
        }
        const error = told && !told.response.ok ? refusal(told.response, null) : null;
        if (error) {
            this.#owner.failed(error);
        }
        if (!signal.aborted) {
            this.again(error?.retryAfter ?? 0, () => this.listen());
        }
    }

    #retryNow() {
        const what = this.#retry;
        clearTimeout(this.#retryTimer);
        this.#retry = null;
        what?.();
    }

    /* A connection can die without a word. Once keep-alives have shown their rhythm, three missed ones are a break. */
    #heard(type) {
        const now = performance.now();
        if (type === "connection") {
            this.#rhythm = Math.max(this.#rhythm, now - this.#heardAt);
        }
        this.#heardAt = now;
        clearTimeout(this.#silenceTimer);
        if (this.#rhythm > 0) {
            this.#silenceTimer = setTimeout(() => {
                this.#owner.broken();
                this.listen();
            }, Math.max(SILENCE_LEAST, 3 * this.#rhythm));
        }
    }

    /* The network is back, or a tab that was asleep is looked at: no need to wait for the next try. */
    #watchSurroundings(signal) {
        globalThis.addEventListener?.("online", () => this.#retryNow(), { signal });
        globalThis.document?.addEventListener("visibilitychange", () => {
            if (globalThis.document.visibilityState === "visible") {
                this.#retryNow();
            }
        }, { signal });
    }
}

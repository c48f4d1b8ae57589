/* The browser's side of messages: topics, notifications and queues, each a stream that keeps itself up. Knows no page. */
/* SPDX-License-Identifier: Apache-2.0 */

import { credentials, exchange, Link, QueueError, resultOf } from "./link.js";

export { QueueError };

/**
 * Usage:
 *
 *     import { NotificationStream, QueueStream, TopicStream } from "./messages.js";
 *     const jobs = new TopicStream({ base: "/api/v1/QueueTasks", topics: ["jobs/anna"], lastEventId: "0" });
 *     jobs.addEventListener("message", ({ detail: { topic, key, type, data } }) => draw(key, data));
 *     jobs.open();
 *     const mine = new NotificationStream({ base: "/api/v1/QueueTasks" });
 *     mine.addEventListener("message", ({ detail: { id, type, text } }) => show(type, text, () => mine.read(id)));
 *     mine.open();
 *     const log = new QueueStream({ base: "/api/v1/QueueTasks", queue: "report-7" });   // ends by itself with the queue
 *
 * Where it goes on. The id of the last event is kept over breaks, so that nothing is missed and nothing told twice; it travels in the
 * query, since a new EventSource has no way to send a header, and as a header when the browser itself comes back, which the server
 * believes first. close() forgets it: open() then begins as at first. At first one hears what is new from now on; with lastEventId
 * "0", which no server has given, one is behind everything and is sent what the topic keeps: of delivery=last, the last of each key.
 *
 * Types. An EventSource hears only the types that it listens for. `message`, which is also what has no type, is always among them.
 *
 * Several streams of a page are several connections. Over HTTP/1.1 browsers open six to a host, all tabs together.
 *
 * Events (CustomEvent, all with `detail`):
 *   state          {state, from, reason}        see State
 *   message        Message
 *   synchronizing  {id}                         nothing is resent: what comes is new from here on
 *   gap            {id, reason}                 something may have been missed for good: evicted, slow, or unknown-id, which is also said of "0"
 *   read           {id}                         a notification was read, here or in another tab of this browser
 *   busy           {data}                       the server can't serve the stream now; it is tried again
 *   closed         {reason}                     the stream has ended for good; see State
 *   trouble        {error}                      something went wrong outside of a call that would throw it; refusals are tried again
 *
 * @typedef {"idle"|"connecting"|"open"|"signin"|"closed"} State
 *   idle: not opened yet · connecting: no stream now, being mended · signin: the server wants to know who this is; open() again
 *   closed: by reason "closed" (close()), "refused" (204: stay away), "replaced" (opened on another device, and one at a time is
 *   allowed: coming back would start a fight), "terminated" (the queue is closed and read)
 *
 * @typedef {object} Message
 * @property {string} id
 * @property {string} type
 * @property {*} data         JSON where it is JSON, else a string. Never trust it as HTML
 * @property {string} [text]  notifications and queues: as it was sent
 * @property {string} [topic] topics
 * @property {string|null} [key]
 *
 * @typedef {object} Options
 * @property {string} [base]             where the subscribe section is served; default "/api/v1/QueueTasks"; may have a query
 * @property {boolean} [withCredentials] base is another origin that wants cookies or a password
 * @property {string} [lastEventId]      where to begin; default: with what is new
 * @property {string[]} [types]          types to listen for, besides `message`
 */

const TERMINATOR = "---terminate---";
/* So many ids are remembered to tell repeats (what is not known to have arrived is sent again). */
const IDS_MOST = 1000;
const CONTROL = ["synchronizing", "gap", "busy", "closed"];
/** The types that notifications usually have; the spelling is that of their senders. */
const USUAL_TYPES = ["ALERT", "ALARM", "SYSTEM", "BUSSINESS", "BUSINESS", "PLATFORM", "HISTORY"];

function parsed(text) {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}

/** What the three kinds of streams have in common. */
class MessageStream extends EventTarget {
    #path;
    #query;
    #options;
    /** @type {Link} */
    #link;
    #state = "idle";
    #reason = "";
    #lastEventId = "";
    #ids = new Set();

    /** @param {Options} options @param {string} path @param {string[][]} [query] */
    constructor(options, path, query = []) {
        super();
        this.#options = { base: "/api/v1/QueueTasks", withCredentials: false, lastEventId: "", types: [], ...options };
        this.#path = path;
        this.#query = query;
        this.#lastEventId = this.#options.lastEventId;
        this.#link = new Link({
            url: () => this.url(this.#path, [...this.#query, ...(this.#lastEventId ? [["lastEventId", this.#lastEventId]] : [])]),
            types: ["message", ...this.#options.types, ...CONTROL],
            hear: (type, event) => this.#hear(type, event),
            opened: () => this.#enter("open"),
            broken: () => this.#enter("connecting"),
            ended: (reason) => (reason === "signin" ? this.#leave("signin", "") : this.end(reason)),
            failed: (error) => this.emit("trouble", { error }),
        }, this.#options.withCredentials);
    }

    /** @returns {State} */
    get state() { return this.#state; }
    /** Why the state is `closed`. */
    get reason() { return this.#reason; }
    /** The last event that was heard; what the stream goes on from after a break. */
    get lastEventId() { return this.#lastEventId; }

    /** No-op while open or being mended. */
    open() {
        if (!this.#link.signal) {
            this.#link.start();
            this.#enter("connecting");
            this.#link.listen();
        }
    }

    /** Stop listening, and forget where it was. */
    close() {
        this.#lastEventId = this.#options.lastEventId;
        this.#ids.clear();
        this.end("closed");
    }

    /* ---- for those that extend it ---- */

    /** What a message says, or null: it is none for us. @protected */
    detail(id, type, text) {
        return { id, type, data: parsed(text), text };
    }

    /** Whether this is the stream's last word, by the reason that it gives, or "". @protected */
    lastWord() {
        return "";
    }

    /** An address under base, whose own query is kept. @protected */
    url(path, query = []) {
        const [base, given] = this.#options.base.split("?");
        const all = new URLSearchParams(given);
        query.forEach(([name, value]) => all.append(name, value));
        const text = all.toString();
        return `${base.replace(/\/+$/, "")}/${path}${text && `?${text}`}`;
    }

    /** The result of a call, or a QueueError. @protected */
    async call(method, path) {
        return resultOf(await exchange(this.url(path), { method, credentials: credentials(this.#options.withCredentials) }));
    }

    /** @protected */
    emit(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    /** It is over for good. @protected */
    end(reason) {
        const was = this.#state;
        this.#leave("closed", reason);
        if (was !== "closed" && was !== "idle") {
            this.emit("closed", { reason });
        }
    }

    /* ---- the stream ---- */

    #hear(type, event) {
        const { data, lastEventId } = event;
        this.#lastEventId = lastEventId || this.#lastEventId;
        if (type === "synchronizing") {
            this.emit(type, { id: lastEventId });
        } else if (type === "gap") {
            this.emit(type, { id: lastEventId, reason: parsed(data)?.reason ?? "" });
        } else if (type === "busy") {
            this.emit(type, { data });
        } else if (type === "closed") {
            this.end(parsed(data)?.reason ?? "closed");
        } else if (type !== "connection") {
            this.#take(type, data, lastEventId);
        }
    }

    #take(type, data, id) {
        const over = this.lastWord(data);
        let detail;
        if (over) {
            this.end(over);
            return;
        }
        try {
            detail = this.#isRepeat(id) ? null : this.detail(id, type, data);
        } catch (error) {
            this.emit("trouble", { error });
            return;
        }
        if (detail) {
            this.emit("message", detail);
        }
    }

    #isRepeat(id) {
        if (!id || this.#ids.has(id)) {
            return Boolean(id);
        }
        this.#ids.add(id);
        if (this.#ids.size > IDS_MOST) {
            this.#ids.delete(this.#ids.values().next().value);
        }
        return false;
    }

    #leave(state, reason) {
        this.#link.stop();
        this.#enter(state, reason);
    }

    #enter(state, reason = "") {
        const from = this.#state;
        this.#reason = reason;
        if (state !== from) {
            this.#state = state;
            this.emit("state", { state, from, reason });
        }
    }
}

/** Messages of topics. */
export class TopicStream extends MessageStream {
    #keys;

    /** @param {Options & {topics: string[], keys?: string[]}} options  keys: only messages of these, and those of none */
    constructor({ topics, keys = [], ...options }) {
        const query = [...topics.map((topic) => ["topic", topic]), ...keys.map((key) => ["key", key]), ["envelope", "1"]];
        super(options, "events", query);
        this.#keys = keys;
    }

    /* The server has looked at the key; so does the page, which is the last that can (SP-13). */
    detail(id, _, text) {
        const { topic, key = null, type, data } = JSON.parse(text);
        return key === null || this.#keys.length === 0 || this.#keys.includes(key) ? { id, topic, key, type, data } : null;
    }
}

/** The caller's own messages, and those to everybody. */
export class NotificationStream extends MessageStream {
    /** @type {BroadcastChannel|null} */
    #otherTabs = null;

    /** @param {Options} [options] */
    constructor(options = {}) {
        super({ ...options, types: options.types ?? USUAL_TYPES }, "notifications");
    }

    open() {
        if (!this.#otherTabs) {
            this.#otherTabs = new BroadcastChannel(`queuetasks ${this.url("notifications")}`);
            this.#otherTabs.onmessage = ({ data }) => this.emit("read", { id: String(data) });
        }
        super.open();
    }

    end(reason) {
        this.#otherTabs?.close();
        this.#otherTabs = null;
        super.end(reason);
    }

    /** It was read: the server destroys it, and other tabs are told. @param {string} id */
    async read(id) {
        await this.call("DELETE", `notifications/${encodeURIComponent(id)}`);
        this.#otherTabs?.postMessage(id);
        this.emit("read", { id });
    }
}

/** What is in a queue, to its end. */
export class QueueStream extends MessageStream {
    /** @param {Options & {queue: string}} options */
    constructor({ queue, ...options }) {
        super(options, `queues/${encodeURIComponent(queue)}/messages`);
    }

    lastWord(text) {
        return text === TERMINATOR ? "terminated" : "";
    }
}

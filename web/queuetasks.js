/* The browser's side of mod_queuetasks: one operator with his stream, his offers and his tasks. Knows no page. */
/* SPDX-License-Identifier: Apache-2.0 */

import { CALL_TIMEOUT, credentials, exchange, headerText, Link, QueueError, resultOf } from "./link.js";

export { QueueError };

/**
 * Usage:
 *
 *     import { OperatorQueue } from "./queuetasks.js";
 *     const queue = new OperatorQueue({ base: "/api/v1/QueueTasks" });
 *     queue.addEventListener("tasks", () => draw(queue.offers, queue.assigned));
 *     queue.addEventListener("state", ({ detail }) => show(detail.state, detail.reason));
 *     await queue.open();
 *     ...
 *     await queue.assign(taskId);      // or queue.reject(taskId)
 *     await queue.complete(taskId);    // free for the next one
 *
 * Order of calls. open() asks my-tasks first (a page that was reloaded finds its work again, and a browser that must ask for a
 * password does so here, where the answer can be read), then joins by wait-sse. Joining and looking for a free task are one step
 * of the server, so no task is missed between the two. With takeFirst, take-free comes before wait-sse: a waiting task is then
 * the operator's at once, without a decision.
 *
 * Whose clock. The server is the judge of an offer's time. The countdown runs on this machine's monotonic clock, from the server's
 * own two moments in the event (serverTime, expiresAt), less the time the event took to get here; a wrong wall clock does no harm.
 * At its end the offer is marked `lapsed` and the server's word is awaited. The client does not refuse by itself then: a refusal is
 * remembered against the operator (cooldown, history), and a time-out is not his refusal. A host that wants the old rule, where the
 * browser says so itself, sets rejectOnExpiry.
 *
 * Connections. How a break is mended stands in link.js. "Do not come back" (204) ends in the state `closed`, 401 in `signin`. Over HTTP/1.1
 * browsers open six connections to a host: with more tabs than that, serve the stream from another host name.
 *
 * Several tabs of one operator see the same offer. The first decision wins; in the others the offer goes with the event `closed`.
 *
 * Events (CustomEvent, all with `detail`):
 *   state       {state, from, reason}      see State; reason: "left", "refused" (204), "replaced" (he has come in elsewhere, and one
 *                                          stream is all he may have), "closed" (by close()), else ""
 *   task        Task                       an offer or an assigned task that was not there before
 *   closed      {taskId, reason, task}     an offer or task is over; task as it was before. reason: assigned, rejected, expired, withdrawn
 *                                          (the server's words), completed, gone (no longer his), or what ended the connection
 *   tasks       {}                         offers or assigned tasks have changed in any way
 *   connection  {data}                     keep-alive of the server
 *   busy        {data}                     the server can't serve the stream now; the browser comes back by itself
 *   trouble     {error}                    something went wrong outside of a call that would throw it
 *
 * @typedef {"idle"|"connecting"|"signin"|"waiting"|"deciding"|"working"|"paused"|"closed"} State
 *   idle: not opened yet · connecting: no stream now, being mended · signin: the server wants to know who this is; open() again
 *   waiting: in the queue · deciding: an offer is open · working: has assigned tasks · paused: is offered nothing
 *   closed: left, sent away or closed; open() joins again
 *
 * @typedef {object} Task
 * @property {string} taskId
 * @property {boolean} assigned  it is his; false: on offer
 * @property {string} offer      token of the offer, "" when there is none
 * @property {number} attempt    how often it has been offered
 * @property {*} payload         what the producer gave; undefined when nothing. Never trust it as HTML
 * @property {number} deadline   end of the offer on performance.now()'s clock, ms; Infinity when it has none
 * @property {boolean} lapsed    the countdown is over and the server's word is awaited
 * @property {""|"assign"|"reject"|"complete"} pending  the call that is under way
 *
 * @typedef {object} Operator
 * @property {string} operatorId
 * @property {string} time       since when in the queue, ISO-8601 UTC
 * @property {"free"|"selects"|"busy"|"paused"|"away"} status
 * @property {string[]} labels
 * @property {string[]} tasks    ids of what he decides on or works on
 *
 * @typedef {object} Options
 * @property {string} [base]             where the operator section is served; default "/api/v1/QueueTasks"
 * @property {boolean} [withCredentials] base is another origin that wants cookies or a password
 * @property {boolean} [takeFirst]       ask take-free before waiting
 * @property {boolean} [rejectOnExpiry]  refuse by itself when the countdown ends
 * @property {string} [userHeader]       response header in which the host names the user; default "X-Operator"
 */

/* How long after its own countdown the client waits for the server's word before it asks. */
const WORD_AWAITED = 2000;
/* Differences of clocks below this are rounding, not delay. */
const CLOCK_GRAIN = 1500;
const TIMER_MOST = 2 ** 31 - 1;

export class OperatorQueue extends EventTarget {
    #base;
    #options;
    /** @type {Map<string, Task>} */
    #tasks = new Map();
    #timers = new Map();
    #revision = 0;
    #clock = null;

    /** @type {Link} */
    #link;
    /** @type {"idle"|"connecting"|"open"|"signin"|"closed"} */
    #phase = "idle";
    #state = "idle";
    #reason = "";
    #paused = false;
    #user = "";
    #known = false;
    #everOpen = false;
    /** @type {BroadcastChannel|null} */
    #otherTabs = null;

    /** @param {Options} [options] */
    constructor(options = {}) {
        super();
        this.#options = { withCredentials: false, takeFirst: false, rejectOnExpiry: false, userHeader: "X-Operator", ...options };
        this.#base = (options.base ?? "/api/v1/QueueTasks").replace(/\/+$/, "");
        this.#link = new Link({
            url: () => this.#url("wait-sse"),
            types: ["task", "closed", "busy"],
            hear: (type, event) => this.#hear(type, event),
            opened: () => this.#opened(),
            broken: () => this.#enter("connecting"),
            ended: (reason) => (reason === "signin" ? this.#end("signin", "") : this.#end("closed", reason)),
            failed: (error) => this.#emit("trouble", { error }),
        }, this.#options.withCredentials);
    }

    /** @returns {State} */
    get state() { return this.#state; }
    /** Why the state is `closed`. */
    get reason() { return this.#reason; }
    /** Whether the stream is up. An offer may be decided while it is not. */
    get connected() { return this.#phase === "open"; }
    get paused() { return this.#paused; }
    /** Who this is, where the host tells (userHeader); else "". */
    get user() { return this.#user; }
    /** Open offers, the one that ends first leading. @returns {Task[]} */
    get offers() { return [...this.#tasks.values()].filter((task) => !task.assigned).sort((a, b) => a.deadline - b.deadline); }
    /** Tasks that are his, in the order they came. @returns {Task[]} */
    get assigned() { return [...this.#tasks.values()].filter((task) => task.assigned); }

    /** Seconds left to decide; 0 when it is over or no offer, Infinity without a limit. @param {string} taskId */
    secondsLeft(taskId) {
        const task = this.#tasks.get(taskId);
        return task && !task.assigned ? Math.max(0, (task.deadline - performance.now()) / 1000) : 0;
    }

    /** Find what is his, then join the queue. Returns when the first answer is there; no-op while open. */
    async open() {
        if (this.#link.signal) {
            return;
        }
        const signal = this.#link.start();
        this.#everOpen = false;
        this.#watchSurroundings(signal);
        this.#enter("connecting");
        await this.#begin(signal);
    }

    /** Stop listening. The place in the queue is kept for the server's grace period; exit() gives it up. */
    close() {
        this.#end("closed", "closed");
    }

    /** Take the offer. Resolves also when another tab of his was first. @param {string} taskId */
    async assign(taskId) {
        const offer = this.#tasks.get(taskId)?.offer;
        try {
            await this.#decide(taskId, "assign");
        } catch (error) {
            if (error.gone && this.#tasks.get(taskId)?.assigned) {
                return;
            }
            if (error.code === 910) {
                this.#drop(taskId, "gone", offer);
            }
            throw error;
        }
        this.#own(taskId, offer);
    }

    /** Refuse the offer. @param {string} taskId @param {string} [why] for the record */
    async reject(taskId, why) {
        const offer = this.#tasks.get(taskId)?.offer;
        await this.#decide(taskId, "reject", why ? { reason: why } : undefined);
        this.#drop(taskId, "rejected", offer);
    }

    /** The work is done: free for the next one. @param {string} taskId */
    async complete(taskId) {
        const offer = this.#tasks.get(taskId)?.offer;
        await this.#decide(taskId, "complete");
        this.#drop(taskId, "completed", offer);
        this.#otherTabs?.postMessage("look");
    }

    /** Be offered nothing, with the stream open. */
    async pause() {
        await this.#request("POST", "pause");
        this.#setPaused(true);
    }

    /** Be offered tasks again. */
    async ready() {
        await this.#request("POST", "ready");
        this.#setPaused(false);
    }

    /** Leave the queue: open offers go to others, all tabs are sent away. Tasks that are his stay his. */
    async exit() {
        await this.#request("DELETE", "exit");
        this.#end("closed", "left");
    }

    /** Ask for what is his and believe it. @returns {Promise<Task[]>} */
    async myTasks() {
        /* News that came by the stream while the answer was under way is newer than the answer: ask again, then only add. */
        for (let turn = 0; turn < 3; turn++) {
            const revision = this.#revision;
            const list = (await this.#request("GET", "my-tasks")) ?? [];
            if (revision === this.#revision || turn === 2) {
                this.#reconcile(list, revision === this.#revision);
                break;
            }
        }
        return [...this.#tasks.values()];
    }

    /** Ask for a task that waits; it is his at once. @returns {Promise<string|null>} its id, or null: there is none for him */
    async takeFree() {
        const told = await this.#request("POST", "take-free");
        if (told?.taskId != null) {
            this.#put({ ...told, assigned: true });
        }
        return told?.taskId ?? null;
    }

    /** Who is in the queue, in its order. @returns {Promise<Operator[]>} */
    async operators() {
        const list = (await this.#request("GET", "queue-operators")) ?? [];
        const own = this.#user && list.find((operator) => operator.operatorId === this.#user);
        if (own && (own.status === "paused" || own.status === "free")) {
            this.#setPaused(own.status === "paused");
        }
        return list;
    }

    /* ---- the link ---- */

    async #begin(signal) {
        try {
            await this.myTasks();
            if (this.#options.takeFirst && this.#tasks.size === 0) {
                await this.takeFree();
            }
        } catch (error) {
            if (signal.aborted) {
                return;
            }
            if (error.status === 400 && error.code === 2) {
                this.#end("closed", "refused");
            } else {
                this.#emit("trouble", { error });
                this.#link.again(error.retryAfter, () => this.#begin(signal));
            }
            return;
        }
        if (!signal.aborted) {
            this.#link.listen();
        }
    }

    #hear(type, event) {
        if (type === "task") {
            this.#told(event, (task) => this.#put(task));
        } else if (type === "closed") {
            this.#told(event, (news) => this.#offerEnded(news));
        } else {
            this.#emit(type, { data: event.data });
        }
    }

    #opened() {
        this.#enter("open");
        if (this.#everOpen) {
            this.#look();
        }
        this.#everOpen = true;
    }

    /* What happens around the page: other tabs, a tab that was asleep. */
    #watchSurroundings(signal) {
        this.#otherTabs = new BroadcastChannel(`queuetasks ${this.#base}`);
        this.#otherTabs.onmessage = () => this.#look();
        globalThis.document?.addEventListener("visibilitychange", () => {
            if (globalThis.document.visibilityState === "visible" && this.#phase === "open") {
                this.#look();
            }
        }, { signal });
    }

    #look() {
        this.myTasks().catch((error) => this.#emit("trouble", { error }));
    }

    #end(phase, reason) {
        this.#link.stop();
        this.#otherTabs?.close();
        this.#otherTabs = null;
        this.#paused = false;
        this.#reason = reason;
        for (const task of [...this.#tasks.values()]) {
            if (!task.assigned || phase === "signin") {
                this.#drop(task.taskId, reason || phase);
            }
        }
        this.#enter(phase, reason);
    }

    /* ---- state ---- */

    #enter(phase, reason = "") {
        this.#phase = phase;
        this.#reason = reason;
        this.#derive();
    }

    #setPaused(paused) {
        this.#paused = paused;
        this.#derive();
    }

    #derive() {
        const from = this.#state;
        this.#state = this.#stateNow();
        if (this.#state !== from) {
            this.#emit("state", { state: this.#state, from, reason: this.#reason });
        }
    }

    /** @returns {State} */
    #stateNow() {
        if (this.#phase === "idle" || this.#phase === "signin" || this.#phase === "closed") {
            return this.#phase;
        }
        const tasks = [...this.#tasks.values()];
        if (tasks.some((task) => !task.assigned)) {
            return "deciding";
        }
        if (this.#phase === "connecting") {
            return "connecting";
        }
        if (this.#paused) {
            return "paused";
        }
        return tasks.length > 0 ? "working" : "waiting";
    }

    /* ---- tasks ---- */

    /* An offer or task as the server tells it, by event or by my-tasks. */
    #put(told) {
        const before = this.#tasks.get(String(told.taskId));
        const assigned = told.assigned === true;
        const offer = told.offer == null ? "" : String(told.offer);
        const same = before && before.offer === offer && before.assigned === assigned;
        const task = {
            taskId: String(told.taskId),
            assigned,
            offer,
            attempt: told.attempt ?? 1,
            payload: told.payload,
            deadline: assigned ? Infinity : this.#deadline(told),
            lapsed: false,
            pending: same ? before.pending : "",
        };
        this.#keep(task);
        if (!same) {
            this.#emit("task", task);
        }
    }

    /* Two moments of the server's own clock are exact to the millisecond; secondsLeft is whole seconds. */
    #deadline({ expiresAt, secondsLeft, serverTime }) {
        const exact = Date.parse(expiresAt) - Date.parse(serverTime);
        const left = Number.isNaN(exact) ? (secondsLeft ?? Infinity) * 1000 : exact;
        return performance.now() + left - this.#age(serverTime, left);
    }

    /* How long ago the server said so: its clock against our monotonic one, measured by the fastest news so far. News older than
     * the offer it brings can't be: then the server's clock was set, and the measure starts anew. */
    #age(serverTime, most) {
        const sample = Date.parse(serverTime) - performance.now();
        if (Number.isNaN(sample)) {
            return 0;
        }
        if (this.#clock === null || sample > this.#clock || this.#clock - sample > most) {
            this.#clock = sample;
        }
        const age = this.#clock - sample;
        return age < CLOCK_GRAIN ? 0 : age;
    }

    #keep(task) {
        this.#tasks.set(task.taskId, task);
        clearTimeout(this.#timers.get(task.taskId));
        this.#timers.delete(task.taskId);
        if (Number.isFinite(task.deadline) && !task.lapsed) {
            const wait = Math.min(TIMER_MOST, Math.max(0, task.deadline - performance.now()));
            this.#timers.set(task.taskId, setTimeout(() => this.#timeIsUp(task.taskId, task.offer), wait));
        }
        this.#changed();
    }

    #changed() {
        this.#revision++;
        this.#emit("tasks", {});
        this.#derive();
    }

    /* `offer`, where given, fences: a later offer of the same task is left alone. */
    #drop(taskId, reason, offer) {
        const task = this.#tasks.get(taskId);
        if (!task || (offer !== undefined && task.offer !== offer)) {
            return;
        }
        this.#tasks.delete(taskId);
        clearTimeout(this.#timers.get(taskId));
        this.#timers.delete(taskId);
        this.#emit("closed", { taskId, reason, task });
        this.#changed();
    }

    #own(taskId, offer) {
        const task = this.#tasks.get(taskId);
        if (task && !task.assigned && task.offer === offer) {
            this.#keep({ ...task, assigned: true, deadline: Infinity, lapsed: false, pending: "" });
            this.#emit("closed", { taskId, reason: "assigned", task });
        }
    }

    #offerEnded({ taskId, reason }) {
        if (reason === "replaced") {
            this.#end("closed", reason);
            return;
        }
        const task = this.#tasks.get(String(taskId));
        if (task && reason === "assigned") {
            this.#own(task.taskId, task.offer);
        } else if (task && (!task.assigned || reason === "withdrawn")) {
            this.#drop(task.taskId, reason);
        }
    }

    #reconcile(list, complete) {
        const told = new Set(list.map((item) => String(item.taskId)));
        for (const taskId of complete ? [...this.#tasks.keys()] : []) {
            if (!told.has(taskId)) {
                this.#drop(taskId, "gone");
            }
        }
        for (const item of list) {
            this.#put(item);
        }
    }

    #timeIsUp(taskId, offer) {
        const task = this.#tasks.get(taskId);
        if (!task || task.offer !== offer || task.assigned) {
            return;
        }
        if (task.deadline > performance.now() + 1) {
            this.#keep(task);
            return;
        }
        this.#keep({ ...task, lapsed: true });
        if (this.#options.rejectOnExpiry && !task.pending) {
            this.reject(taskId, "time is up").catch(() => this.#look());
        } else {
            this.#timers.set(taskId, setTimeout(() => this.#look(), WORD_AWAITED));
        }
    }

    async #decide(taskId, verb, body) {
        const offer = this.#tasks.get(taskId)?.offer ?? "";
        this.#mark(taskId, offer, verb);
        try {
            const fence = offer && `?offer=${encodeURIComponent(offer)}`;
            return await this.#request("POST", `${encodeURIComponent(taskId)}/${verb}${fence}`, body);
        } catch (error) {
            if (error.gone) {
                await this.myTasks().catch(() => {});
            }
            throw error;
        } finally {
            this.#mark(taskId, offer, "");
        }
    }

    #mark(taskId, offer, pending) {
        const task = this.#tasks.get(taskId);
        if (task && task.offer === offer && task.pending !== pending) {
            this.#keep({ ...task, pending });
        }
    }

    /* ---- the wire ---- */

    #url(path) {
        return `${this.#base}/${path}`;
    }

    /* The first call of all may take its time: while the browser asks a person for his password the request is under way, and to give
     * it up would close the question. */
    #exchange(method, path, body) {
        return exchange(this.#url(path), {
            method,
            credentials: credentials(this.#options.withCredentials),
            headers: body === undefined ? {} : { "Content-Type": "application/json" },
            body: body === undefined ? undefined : JSON.stringify(body),
            signal: this.#known ? AbortSignal.timeout(CALL_TIMEOUT) : this.#link.signal,
        });
    }

    /* The result of a call, or a QueueError. Whoever is not identified is sent to `signin` on the way. */
    async #request(method, path, body) {
        const told = await this.#exchange(method, path, body);
        this.#known = told.response.status !== 401;
        this.#user = this.#known ? headerText(told.response.headers.get(this.#options.userHeader)) ?? this.#user : "";
        if (!this.#known) {
            this.#end("signin", "");
        }
        return resultOf(told);
    }

    #told(event, handle) {
        let news;
        try {
            news = JSON.parse(event.data);
        } catch (error) {
            this.#emit("trouble", { error });
            return;
        }
        handle(news);
    }

    #emit(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }
}

// A made-up world for the browser's clients: clock, network, streams and other tabs come from the test.
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";

/* answers: what the server says: "METHOD path", the query left off → {status, result, error, code, headers}, or a function that gives it. */
export const world = {
    now: 0, wall: Date.parse("2026-01-01T12:00:00Z"), timers: new Map(), next: 1, sources: [], calls: [], channels: [], answers: {},
};

globalThis.setTimeout = (what, wait = 0) => {
    const id = world.next++;
    world.timers.set(id, { at: world.now + wait, what });
    return id;
};
globalThis.clearTimeout = (id) => world.timers.delete(id);
Object.defineProperty(performance, "now", { value: () => world.now, configurable: true });
globalThis.CustomEvent ??= class extends Event {
    constructor(type, { detail }) {
        super(type);
        this.detail = detail;
    }
};
globalThis.BroadcastChannel = class {
    constructor(name) {
        this.name = name;
        world.channels.push(this);
    }

    postMessage(data) {
        world.channels.filter((one) => one !== this && one.name === this.name).forEach((one) => one.onmessage?.({ data }));
    }

    close() {
        world.channels = world.channels.filter((one) => one !== this);
    }
};
globalThis.EventSource = class extends EventTarget {
    static CONNECTING = 0;
    static CLOSED = 2;
    readyState = 0;
    #lastEventId = "";

    constructor(url) {
        super();
        this.url = url;
        world.sources.push(this);
    }

    close() {
        this.readyState = 2;
    }

    opens() {
        this.readyState = 1;
        this.dispatchEvent(new Event("open"));
    }

    /* As in a browser: an id holds for later events that have none. */
    tells(type, data, id) {
        const event = new Event(type);
        this.#lastEventId = id ?? this.#lastEventId;
        event.data = typeof data === "string" ? data : JSON.stringify(data);
        event.lastEventId = this.#lastEventId;
        this.dispatchEvent(event);
    }

    breaks(forGood) {
        this.readyState = forGood ? 2 : 0;
        this.dispatchEvent(new Event("error"));
    }
};

globalThis.fetch = async (url, { method = "GET", body }) => {
    const path = url.replace(/^\/q\//, "");
    world.calls.push(body ? `${method} ${path} ${body}` : `${method} ${path}`);
    const say = world.answers[`${method} ${path.replace(/\?.*/, "")}`] ?? { status: 200, result: null };
    const { status = 200, result = null, error = null, code = 0, headers = {} } = typeof say === "function" ? await say() : say;
    if (status === 0) {
        throw new TypeError("no network");
    }
    const good = status < 300;
    return {
        ok: good, status, headers: new Headers(headers),
        json: async () => ({ success: good, error, errorCode: code, result }),
    };
};

/** A new story: nothing has happened yet. */
export function begin(answers = {}) {
    Object.assign(world, { sources: [], calls: [], answers });
    world.timers.clear();
}

export const stream = () => world.sources.at(-1);

export async function settle() {
    for (let turn = 0; turn < 20; turn++) {
        await new Promise((keep) => setImmediate(keep));
    }
}

/** Let time go by, timer by timer. */
export async function pass(ms) {
    const end = world.now + ms;
    for (;;) {
        await settle();
        const [due] = [...world.timers].filter(([, one]) => one.at <= end).sort(([, a], [, b]) => a.at - b.at);
        if (!due) {
            break;
        }
        world.timers.delete(due[0]);
        world.now = Math.max(world.now, due[1].at);
        due[1].what();
    }
    world.now = end;
    await settle();
}

/* A file of web/ as a module whatever its name ends in: no version of Node needs to be told that it is one. */
function moduleUrl(name) {
    const text = readFileSync(new URL(`../../web/${name}`, import.meta.url), "utf8")
        .replace(/^((?:import|export) .*) from "\.\/([\w.-]+)"/gm, (_, what, other) => `${what} from "${moduleUrl(other)}"`);
    return `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;
}

/** A module of web/, and what it imports. */
export const load = (name) => import(moduleUrl(name));

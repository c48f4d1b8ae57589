// Drives a real Chromium by its DevTools protocol over a pipe: Node and Chromium are all it needs, at any version a distribution has.
// SPDX-License-Identifier: Apache-2.0

import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SECONDS = 15;
const ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage",
    "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
    "--password-store=basic", "--remote-debugging-pipe", "--window-size=1200,900", "about:blank",
];

function program() {
    const places = (process.env.PATH ?? "").split(":").concat("/usr/bin");
    for (const path of places.flatMap((place) => ["chromium", "chromium-browser"].map((name) => join(place, name)))) {
        try {
            accessSync(path, constants.X_OK);
            return path;
        } catch {
            /* not here */
        }
    }
    throw new Error("Chromium is not installed");
}

/** A promise that fails after so many seconds, saying what was waited for. */
function within(seconds, what, promise) {
    let timer;
    const late = new Promise((_, refuse) => {
        timer = setTimeout(() => refuse(new Error(`${what}: not within ${seconds} s`)), seconds * 1000);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const whatWasThrown = ({ exception, text }) => exception?.description ?? text;

export class Browser {
    #process;
    #home;
    #next = 1;
    #calls = new Map();
    #sessions = new Map();
    #said = "";
    #errors = "";

    constructor() {
        this.#home = mkdtempSync(join(tmpdir(), "browser-"));
        this.#process = spawn(program(), [`--user-data-dir=${join(this.#home, "profile")}`, ...ARGS], {
            stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
            env: { ...process.env, HOME: this.#home, XDG_CONFIG_HOME: this.#home, XDG_CACHE_HOME: this.#home },
            detached: true,
        });
        this.#process.stderr.on("data", (data) => { this.#errors = (this.#errors + data).slice(-4000); });
        this.#process.stdio[4].on("data", (data) => this.#hear(data.toString("utf8")));
        this.#process.stdio[3].on("error", () => {});
        this.#process.on("exit", () => this.#gone());
        process.on("exit", () => this.#kill());
    }

    /** One call of the protocol. */
    send(method, params = {}, sessionId = undefined) {
        const id = this.#next++;
        const answer = new Promise((keep, refuse) => this.#calls.set(id, { keep, refuse }));
        this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
        return within(2 * SECONDS, method, answer);
    }

    /** Somebody with a browser of his own: cookies, passwords and storage are apart. */
    async person(name, password) {
        const { browserContextId } = await this.send("Target.createBrowserContext");
        return new Person(this, browserContextId, { name, password });
    }

    route(sessionId, tab) {
        this.#sessions.set(sessionId, tab);
    }

    async close() {
        const gone = new Promise((keep) => this.#process.on("exit", keep));
        this.send("Browser.close").catch(() => {});
        await within(SECONDS, "the end of the browser", gone).catch(() => this.#kill());
        rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 });
    }

    #hear(text) {
        const parts = (this.#said + text).split("\0");
        this.#said = parts.pop();
        for (const part of parts) {
            const { id, method, params, sessionId, result, error } = JSON.parse(part);
            if (id === undefined) {
                this.#sessions.get(sessionId)?.heard(method, params);
                continue;
            }
            const call = this.#calls.get(id);
            this.#calls.delete(id);
            if (error) {
                call?.refuse(new Error(error.message));
            } else {
                call?.keep(result);
            }
        }
    }

    #gone() {
        for (const { refuse } of this.#calls.values()) {
            refuse(new Error(`the browser has ended: ${this.#errors}`));
        }
        this.#calls.clear();
    }

    #kill() {
        try {
            process.kill(-this.#process.pid, "SIGKILL");
        } catch {
            /* it has ended */
        }
    }
}

export class Person {
    constructor(browser, contextId, credentials) {
        this.browser = browser;
        this.contextId = contextId;
        this.credentials = credentials;
    }

    async open(url) {
        const target = { url: "about:blank", browserContextId: this.contextId, newWindow: true };
        const { targetId } = await this.browser.send("Target.createTarget", target);
        const { sessionId } = await this.browser.send("Target.attachToTarget", { targetId, flatten: true });
        const tab = new Tab(this, targetId, sessionId);
        await tab.start(url);
        return tab;
    }
}

export class Tab {
    /** What the page complained of: exceptions, console errors, violations of its content security policy. */
    problems = [];
    #person;
    #targetId;
    #sessionId;
    #asked = new Set();

    constructor(person, targetId, sessionId) {
        this.#person = person;
        this.#targetId = targetId;
        this.#sessionId = sessionId;
        person.browser.route(sessionId, this);
    }

    send(method, params) {
        return this.#person.browser.send(method, params, this.#sessionId);
    }

    async start(url) {
        for (const domain of ["Page", "Runtime", "Log"]) {
            await this.send(`${domain}.enable`);
        }
        await this.send("Fetch.enable", { handleAuthRequests: true, patterns: [{ urlPattern: "*" }] });
        await this.send("Page.navigate", { url });
    }

    heard(method, params) {
        const listener = {
            "Fetch.requestPaused": () => this.#answer("Fetch.continueRequest", { requestId: params.requestId }),
            "Fetch.authRequired": () => this.#signIn(params.requestId),
            "Runtime.exceptionThrown": () => this.problems.push(whatWasThrown(params.exceptionDetails)),
            "Log.entryAdded": () => params.entry.level === "error" && this.problems.push(`${params.entry.text} ${params.entry.url ?? ""}`),
        }[method];
        listener?.();
    }

    /** As a person at the password box: gives it once, and cancels when it was wrong. */
    #signIn(requestId) {
        const { name, password } = this.#person.credentials;
        const again = this.#asked.has(requestId);
        this.#asked.add(requestId);
        const given = again ? { response: "CancelAuth" } : { response: "ProvideCredentials", username: name, password };
        this.#answer("Fetch.continueWithAuth", { requestId, authChallengeResponse: given });
    }

    /* A request may be given up while it is answered for. */
    #answer(method, params) {
        this.send(method, params).catch(() => {});
    }

    /** The value of a function in the page, given arguments that JSON can carry. */
    async evaluate(what, ...args) {
        const expression = `(${what})(...${JSON.stringify(args)})`;
        const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
        if (exceptionDetails) {
            throw new Error(whatWasThrown(exceptionDetails));
        }
        return result.value;
    }

    /** Wait until a function in the page is true, looked at after every change of the document; its value. */
    async until(what, seconds, test, ...args) {
        const deadline = performance.now() + seconds * 1000;
        const watch = `(...args) => new Promise((keep) => {
            const test = ${test};
            const observer = new MutationObserver(look);
            function look() {
                const truth = test(...args);
                if (truth) {
                    observer.disconnect();
                    keep(truth);
                }
            }
            observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
            look();
        })`;
        for (;;) {
            try {
                return await within(Math.max(0.1, (deadline - performance.now()) / 1000), what, this.evaluate(watch, ...args));
            } catch (error) {
                /* A page that is being loaded takes the watcher away with it. */
                if (!/context|navigat|destroyed/i.test(error.message) || performance.now() > deadline) {
                    const seen = await this.evaluate(() => document.body.innerText).catch(() => "");
                    throw new Error(`${error.message}\nthe page says:\n${seen}`);
                }
            }
        }
    }

    /** Wait until an element is seen; its text. `text`, where given, must stand in it. */
    see(selector, text = "", seconds = SECONDS) {
        return this.until(`${selector} with "${text}"`, seconds, (wanted, part) => {
            const found = [...document.querySelectorAll(wanted)].find((one) => one.checkVisibility() && one.textContent.includes(part));
            return found && (found.textContent || " ");
        }, selector, text);
    }

    /** Wait until no element, or none with this text, is seen. */
    miss(selector, text = "", seconds = SECONDS) {
        return this.until(`no ${selector} with "${text}"`, seconds, (wanted, part) => ![...document.querySelectorAll(wanted)]
            .some((one) => one.checkVisibility() && one.textContent.includes(part)), selector, text);
    }

    count(selector) {
        return this.evaluate((wanted) => [...document.querySelectorAll(wanted)].filter((one) => one.checkVisibility()).length, selector);
    }

    text(selector) {
        return this.evaluate((wanted) => document.querySelector(wanted)?.textContent ?? null, selector);
    }

    /** Press the mouse where the element is, as soon as it is seen and can be pressed; again when it moved away from under the mouse. */
    async click(selector) {
        for (let hit = false; !hit;) {
            const point = await this.until(`${selector} to press`, SECONDS, (wanted) => {
                const element = [...document.querySelectorAll(wanted)].find((one) => one.checkVisibility() && !one.disabled);
                element?.scrollIntoView({ block: "center", behavior: "instant" });
                const box = element?.getBoundingClientRect();
                globalThis.pressed = false;
                element?.addEventListener("click", () => { globalThis.pressed = true; }, { capture: true, once: true });
                return box && { x: box.x + box.width / 2, y: box.y + box.height / 2 };
            }, selector);
            for (const type of ["mousePressed", "mouseReleased"]) {
                await this.send("Input.dispatchMouseEvent", { type, ...point, button: "left", clickCount: 1 });
            }
            hit = await this.evaluate(() => globalThis.pressed);
        }
    }

    /** Press a letter's key. */
    async press(letter) {
        const key = { key: letter, code: `Key${letter.toUpperCase()}`, windowsVirtualKeyCode: letter.toUpperCase().charCodeAt(0) };
        await this.send("Input.dispatchKeyEvent", { type: "keyDown", text: letter, ...key });
        await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
    }

    /** Put text into a field, in place of what stands there. */
    async fill(selector, text) {
        await this.evaluate((wanted) => {
            const field = document.querySelector(wanted);
            field.focus();
            field.select();
        }, selector);
        await this.send("Input.insertText", { text });
    }

    reload() {
        return this.send("Page.reload");
    }

    close() {
        return this.#person.browser.send("Target.closeTarget", { targetId: this.#targetId });
    }
}

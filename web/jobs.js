/* Jobs and messages: draws what the streams tell and turns presses into calls. What others wrote is only ever shown as text. */
/* SPDX-License-Identifier: Apache-2.0 */

import { notify, runJob, runLog } from "./demo-job.mjs";
import { exchange, headerText } from "./link.js";
import { NotificationStream, QueueStream, TopicStream } from "./messages.js";

const TOAST_FOR = 6000;
const TEXT_MOST = 500;
const JOBS_MOST = 12;
const NOTICES_MOST = 100;
/** What the pill says of the streams, the gravest first. action: what the button in the bar is called. */
const FACES = {
    signin: { pill: "Signed out", tone: "bad", action: "Sign in" },
    closed: { pill: "Closed", tone: "quiet", action: "Connect" },
    connecting: { pill: "Connecting", tone: "warn" },
    open: { pill: "Live", tone: "good" },
};

const $ = (id) => document.getElementById(id);
const { api, back } = document.body.dataset;
const mine = new NotificationStream({ base: api });
let jobs = null; // the topic of who this is
let user = "";
let asked = "connecting"; // who this is: connecting, signin, open
const notices = new Map(); // id → its line
const lines = new Map(); // job → its line

/* ---- small things ---- */

function write(element, text) {
    if (element.textContent !== text) {
        element.textContent = text;
    }
}

const shorten = (text) => (text.length > TEXT_MOST ? `${text.slice(0, TEXT_MOST)} …` : text);
const copy = (id) => $(id).content.firstElementChild.cloneNode(true);

let toastTimer = 0;
function toast(text) {
    $("toast").textContent = text;
    $("toast").classList.add("shown");
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => $("toast").classList.remove("shown"), TOAST_FOR);
}

async function run(what) {
    try {
        return await what();
    } catch (error) {
        toast(error.message);
        return undefined;
    }
}

/* ---- the bar ---- */

function drawBar() {
    const states = [asked, ...(user ? [mine.state, jobs.state] : [])];
    const [state] = Object.keys(FACES).filter((one) => states.includes(one));
    const face = FACES[state ?? "connecting"];
    $("link").dataset.tone = face.tone;
    write($("link-text"), face.pill);
    $("again").hidden = !face.action;
    write($("again"), face.action ?? "");
    $("who").hidden = !user;
    write($("who-name"), user);
    for (const id of ["start-task", "start-object", "start-log"]) {
        $(id).disabled = !user || (id === "start-log" && log !== null);
    }
}

/* ---- jobs ---- */

const amount = (value) => (Number.isFinite(value) && value >= 0 ? value : 0);

function drawJob({ key, data }) {
    if (key === null || typeof data !== "object" || data === null) {
        return;
    }
    const [done, of] = [amount(data.done), amount(data.of) || 1];
    const line = lines.get(key) ?? newJob(key);
    line.dataset.state = data.state === "done" ? "done" : "running";
    write(line.querySelector(".count"), data.state === "done" ? "done" : `${done} / ${of}`);
    write(line.querySelector(".text"), shorten(String(data.text ?? "")));
    Object.assign(line.querySelector("progress"), { max: of, value: Math.min(done, of) });
}

function newJob(key) {
    const line = copy("job-line");
    line.dataset.job = key;
    line.querySelector(".name").textContent = key;
    line.querySelector("progress").setAttribute("aria-label", key);
    lines.set(key, line);
    $("jobs").prepend(line);
    $("jobs-empty").hidden = true;
    if (lines.size > JOBS_MOST) {
        const [oldest, old] = lines.entries().next().value;
        lines.delete(oldest);
        old.remove();
    }
    return line;
}

/* A job that this page does goes on when the page is loaded again: the tab remembers how far it was. */
const MEMORY = "queuetasks running jobs";
let leaving = false; // calls that fail because the page goes are no end of a job

function remembered() {
    try {
        return JSON.parse(sessionStorage.getItem(MEMORY)) ?? {};
    } catch {
        return {};
    }
}

function remember(job, progress) {
    if (leaving) {
        return;
    }
    const { [job]: _, ...others } = remembered();
    try {
        sessionStorage.setItem(MEMORY, JSON.stringify(progress ? { ...others, [job]: progress } : others));
    } catch {
        /* then it ends with the page */
    }
}

async function work(kind, job, from = 0) {
    await run(() => runJob({ base: back, user, kind, job, from, onStep: (name, step) => remember(name, { kind, user, step }) })
        .finally(() => remember(job, null)));
}

function start(kind) {
    const job = `${kind}-${Math.random().toString(36).slice(2, 6)}`;
    return work(kind, job);
}

function goOn() {
    for (const [job, { kind, user: whose, step }] of Object.entries(remembered())) {
        if (whose === user) {
            work(kind, job, step);
        }
    }
}

/* ---- notices ---- */

function drawNotice({ id, type, text }) {
    const line = copy("notice-line");
    line.dataset.id = id;
    line.dataset.type = type;
    line.querySelector(".type").textContent = type;
    line.querySelector(".text").textContent = shorten(text);
    line.querySelector("button").setAttribute("aria-label", `Read: ${shorten(text)}`);
    line.querySelector("button").addEventListener("click", () => run(() => mine.read(id)));
    dropNotice(id);
    notices.set(id, line);
    $("notices").prepend(line);
    if (notices.size > NOTICES_MOST) {
        dropNotice(notices.keys().next().value);
    }
    drawNoticesHead();
    if (type !== "message") {
        toast(`${type}: ${shorten(text)}`);
    }
}

/** Focus must not fall out of the page with the line that had it. */
function dropNotice(id) {
    const line = notices.get(id);
    if (line?.contains(document.activeElement)) {
        ((line.nextElementSibling ?? line.previousElementSibling)?.querySelector("button") ?? $("notices-section")).focus();
    }
    line?.remove();
    notices.delete(id);
    drawNoticesHead();
}

function drawNoticesHead() {
    write($("notices-title"), notices.size > 0 ? `For you (${notices.size})` : "For you");
    $("notices-empty").hidden = notices.size > 0;
    $("read-all").hidden = notices.size < 2;
}

async function readAll() {
    $("read-all").disabled = true;
    await run(async () => {
        for (const id of [...notices.keys()]) {
            await mine.read(id);
        }
    });
    $("read-all").disabled = false;
}

/* ---- sending ---- */

async function send(event) {
    event.preventDefault();
    const [to, type, text] = ["send-to", "send-type", "send-text"].map((id) => $(id).value.trim());
    $("send-it").disabled = true;
    const { good, word } = await sent(to, type, text);
    $("send-it").disabled = false;
    $("send-result").dataset.tone = good ? "" : "bad";
    write($("send-result"), word);
    if (good) {
        $("send-text").value = "";
    }
}

async function sent(to, type, text) {
    try {
        const { delivered, stored } = await notify({ base: back, user: to, type, text });
        if (delivered) {
            return { good: true, word: "Delivered." };
        }
        return { good: true, word: stored ? `Kept until ${to} comes.` : to ? `${to} is not there.` : "Nobody is there." };
    } catch (error) {
        return { good: false, word: error.message };
    }
}

/* ---- the log ---- */

let log = null; // its stream, while it runs

function logLine(text, className = "") {
    const line = document.createElement("li");
    line.className = className;
    line.textContent = shorten(text);
    $("log").append(line);
    $("log").scrollTop = $("log").scrollHeight;
}

async function startLog() {
    const queue = `log-${crypto.randomUUID()}`;
    $("log").replaceChildren();
    write($("log-text"), "Running.");
    log = new QueueStream({ base: api, queue });
    log.addEventListener("message", ({ detail }) => logLine(detail.text));
    log.addEventListener("closed", ({ detail }) => logEnds(detail.reason));
    log.open();
    drawBar();
    if ((await run(() => runLog({ queue, base: back }))) === undefined) {
        log?.close();
    }
}

function logEnds(reason) {
    log = null;
    if (reason === "terminated") {
        logLine("End of the log", "end");
    }
    write($("log-text"), reason === "terminated" ? `${$("log").children.length - 1} lines, then the end.` : "It has stopped.");
    drawBar();
}

/* ---- start ---- */

/** The host names its user in a header. HEAD joins nothing, and lets the browser ask for a password. */
async function whoAmI() {
    const { response } = await exchange(`${api}/notifications`, { method: "HEAD", headers: { Accept: "text/event-stream" }, signal: null });
    asked = response.status === 401 ? "signin" : "open";
    return response.ok ? headerText(response.headers.get("X-Operator")) ?? "" : "";
}

function listen() {
    mine.addEventListener("message", ({ detail }) => drawNotice(detail));
    mine.addEventListener("read", ({ detail }) => dropNotice(detail.id));
    mine.addEventListener("gap", () => toast("Some older messages are gone."));
    jobs.addEventListener("message", ({ detail }) => drawJob(detail));
    for (const stream of [mine, jobs]) {
        stream.addEventListener("state", drawBar);
        stream.addEventListener("trouble", ({ detail }) => toast(detail.error.message));
    }
}

async function connect() {
    drawBar();
    if (!user) {
        user = (await run(whoAmI)) ?? "";
        if (!user) {
            asked = asked === "open" ? "closed" : asked;
            drawBar();
            return;
        }
        /* "0": behind everything, so that the last of each job is told at once. */
        jobs = new TopicStream({ base: api, topics: [`jobs/${user}`], lastEventId: "0" });
        listen();
        goOn();
    }
    mine.open();
    jobs.open();
    drawBar();
}

addEventListener("pagehide", () => { leaving = true; });
addEventListener("pageshow", () => { leaving = false; });
$("start-task").addEventListener("click", () => start("task"));
$("start-object").addEventListener("click", () => start("object"));
$("start-log").addEventListener("click", startLog);
$("read-all").addEventListener("click", readAll);
$("send").addEventListener("submit", send);
$("again").addEventListener("click", connect);
await connect();

/* The operator's page: draws what OperatorQueue knows and turns presses into its calls. Task data is only ever shown as text. */
/* SPDX-License-Identifier: Apache-2.0 */

import { OperatorQueue } from "./queuetasks.js";

const TITLE = "Operator queue";
/* The queue of operators is looked at this often while the page is seen; nothing tells when others come and go. */
const QUEUE_EVERY = 3000;
/* Who leaves is not let in again for so long (the server says 204). */
const STAY_AWAY = 10;
const TOAST_FOR = 6000;
const TEXT_MOST = 2000;
const FIELDS_MOST = 20;

/** What the calm card, the pill and the buttons say in each state. action: id in ACTIONS. */
const FACES = {
    idle: { pill: "Not connected", tone: "quiet", title: "Not connected", text: "" },
    connecting: {
        pill: "Connecting", tone: "warn", title: "Connecting",
        text: "The page keeps trying by itself. Your place in the queue is kept for a few seconds.",
    },
    signin: {
        pill: "Signed out", tone: "bad", title: "Sign in to take tasks",
        text: "The server needs to know who you are. Your browser asks for name and password.", action: "signin",
    },
    waiting: {
        pill: "Waiting", tone: "good", title: "Waiting for a task",
        text: "You are in the queue. The next task that is yours to decide on appears here.", inQueue: true,
    },
    deciding: { pill: "Deciding", tone: "good", title: "A task for you", text: "", inQueue: true },
    working: {
        pill: "Working", tone: "good", title: "You are at work",
        text: "Complete your task to be offered the next one.", inQueue: true,
    },
    paused: {
        pill: "Paused", tone: "warn", title: "You are paused",
        text: "You are offered nothing until you are ready again.", action: "ready", inQueue: true,
    },
    closed: { pill: "Not in the queue", tone: "quiet", title: "You are not in the queue", text: "", action: "join" },
};
const FIRST_TEXT = "If your browser asks for a name and a password: that is you as an operator.";
const CLOSED_TEXT = {
    left: "You have left the queue. What you had not decided on goes to somebody else.",
    refused: "The server does not let you in now. You may have left in another tab, or you may not take tasks at this time.",
    replaced: "You have joined on another device or in another tab, and one at a time is what the server allows.",
    closed: "The connection was closed.",
};
const ACTIONS = {
    signin: { label: "Sign in", run: () => queue.open() },
    join: { label: "Join the queue", run: () => queue.open() },
    ready: { label: "Ready again", run: () => queue.ready() },
};
const STATUS_WORDS = { free: "free", selects: "deciding", busy: "working", paused: "paused", away: "away" };
/** How an offer ended that this page has not decided on itself. */
const GONE_WORDS = {
    assigned: "You took it in another tab.",
    rejected: "You refused it in another tab.",
    expired: "Time is up.",
    withdrawn: "The task was withdrawn.",
    gone: "The task is no longer yours to decide on.",
};
const GONE_ASSIGNED = { gone: "The task was completed elsewhere.", withdrawn: "Your task was withdrawn." };
const EXAMPLES = [
    ["Call back about invoice 4711", "The customer says it was paid twice."],
    ["Check the delivery address of order 2086", "Street and postcode do not belong together."],
    ["Chat: cannot sign in after the update", "Waiting for 2 minutes, speaks English."],
    ["Approve the refund for order 1934", "47.90, returned unopened."],
    ["Translate a review", "From Portuguese, about 80 words."],
];

const $ = (id) => document.getElementById(id);
const { api, tasks: tasksUrl } = document.body.dataset;
const queue = new OperatorQueue({ base: api });
const cards = new Map(); // key of a card → its element
const doing = new Set(); // tasks that this page itself decides on: no word is needed when they go
let joinAt = 0;
let welcome = false; // the server has let this operator in once

/* ---- small things ---- */

/** @param {string} tag @param {string} className @param {string} [text] */
function make(tag, className, text = "") {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
}

/** Change a text only where it differs: live regions speak every change. */
function write(element, text) {
    if (element.textContent !== text) {
        element.textContent = text;
    }
}

function shorten(text) {
    return text.length > TEXT_MOST ? `${text.slice(0, TEXT_MOST)} …` : text;
}

let toastTimer = 0;
function toast(text) {
    $("toast").textContent = text;
    $("toast").classList.add("shown");
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => $("toast").classList.remove("shown"), TOAST_FOR);
}

/** Storage may be forbidden; the page works without. */
function remembered(store, key, fallback) {
    try {
        return globalThis[store].getItem(key) ?? fallback;
    } catch {
        return fallback;
    }
}

function remember(store, key, value) {
    try {
        globalThis[store].setItem(key, value);
    } catch {
        /* then it is forgotten */
    }
}

const clockTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/* ---- what a task says ---- */

/** Ids that machines make are long; a few characters tell them apart. */
function shortId(taskId) {
    return taskId.length > 20 ? `${taskId.slice(0, 8)}…` : taskId;
}

function isFields(payload) {
    return typeof payload === "object" && payload !== null && !Array.isArray(payload);
}

function titleOf(task) {
    const title = isFields(task.payload) ? task.payload.title : undefined;
    return typeof title === "string" && title.trim() ? shorten(title) : `Task ${shortId(task.taskId)}`;
}

function valueText(value) {
    const plain = (one) => typeof one !== "object" || one === null;
    if (Array.isArray(value) && value.every(plain)) {
        return shorten(value.join(", "));
    }
    return shorten(typeof value === "string" ? value : JSON.stringify(value));
}

/** `title` and `text`, where they are text, are heading and paragraph; other members become a list. */
function payloadParts(payload) {
    if (payload === undefined || payload === null) {
        return [];
    }
    if (!isFields(payload)) {
        return [make("p", "", valueText(payload))];
    }
    const { title, text, ...others } = payload;
    const fields = { ...(typeof title === "string" ? {} : { title }), ...(typeof text === "string" ? {} : { text }), ...others };
    const list = make("dl", "");
    for (const [name, value] of Object.entries(fields).filter(([, one]) => one !== undefined).slice(0, FIELDS_MOST)) {
        list.append(make("dt", "", shorten(name)), make("dd", "", valueText(value)));
    }
    return [typeof text === "string" ? make("p", "", shorten(text)) : "", list.children.length > 0 ? list : ""].filter(Boolean);
}

/* ---- cards ---- */

/** Make the cards in `place` those of `tasks`, in order; a card that stays keeps its focus. */
function drawCards(place, tasks, templateId, update) {
    const keep = new Set();
    let before = null;
    for (const task of tasks) {
        const key = `${templateId} ${task.taskId} ${task.offer}`;
        let card = cards.get(key);
        if (!card) {
            card = newCard(templateId, task);
            cards.set(key, card);
        }
        keep.add(card);
        const after = before ? before.nextSibling : place.firstChild;
        if (card !== after) {
            place.insertBefore(card, after);
        }
        before = card;
        update(card, task);
    }
    for (const [key, card] of cards) {
        if (card.parentNode === place && !keep.has(card)) {
            cards.delete(key);
            removeCard(card);
        }
    }
}

function newCard(templateId, task) {
    const card = $(templateId).content.firstElementChild.cloneNode(true);
    card.dataset.task = task.taskId;
    card.querySelector("h3").textContent = titleOf(task);
    card.setAttribute("aria-label", titleOf(task));
    card.querySelector(".payload").append(...payloadParts(task.payload));
    for (const button of card.querySelectorAll("button")) {
        button.addEventListener("click", () => decide(task.taskId, button.dataset.verb));
    }
    return card;
}

/** Focus must not fall out of the page with the card that had it. */
function removeCard(card) {
    const hadFocus = card.contains(document.activeElement);
    card.remove();
    if (hadFocus) {
        (document.querySelector(".offer, .mine") ?? $("stage")).focus({ preventScroll: true });
    }
}

function updateOffer(card, task) {
    const again = task.attempt > 1 ? ` · offered ${task.attempt} times` : "";
    write(card.querySelector(".offer-about"), `Task ${shortId(task.taskId)}${again}`);
    write(card.querySelector(".offer-note"), task.lapsed ? "Time is up." : queue.connected ? "" : "Connection lost. You can still decide.");
    updateButtons(card, task.pending !== "" || task.lapsed);
    tick(card, task);
}

function updateMine(card, task) {
    write(card.querySelector(".mine-about"), `Task ${shortId(task.taskId)}`);
    updateButtons(card, task.pending !== "");
}

/** aria-disabled keeps the focus where a disabled button would lose it. */
function updateButtons(card, busy) {
    for (const button of card.querySelectorAll("button")) {
        button.setAttribute("aria-disabled", String(busy));
    }
}

/** The whole length of an offer's window, also after a reload: what was left when it was first seen. */
function windowOf(task) {
    const key = `queuetasks window ${task.taskId} ${task.offer}`;
    const known = Number(remembered("sessionStorage", key, "0"));
    const left = queue.secondsLeft(task.taskId);
    if (known < left) {
        remember("sessionStorage", key, String(left));
        return left;
    }
    return known || 1;
}

function tick(card, task) {
    const left = queue.secondsLeft(task.taskId);
    const ring = card.querySelector(".ring");
    if (!Number.isFinite(left)) {
        ring.dataset.tone = "none";
        return;
    }
    const seconds = Math.ceil(left);
    card.total ??= windowOf(task);
    ring.dataset.tone = left <= 5 ? "bad" : left <= 10 ? "warn" : "";
    ring.querySelector(".ring-left").setAttribute("stroke-dashoffset", String(100 - 100 * Math.min(1, left / card.total)));
    write(ring.querySelector(".ring-text"), String(seconds));
    if (seconds === 10 && !card.warned) {
        card.warned = true;
        write($("say"), `10 seconds left for: ${titleOf(task)}`);
    }
}

/* ---- the page ---- */

function draw() {
    const { state, offers, assigned } = queue;
    const face = FACES[state];
    welcome ||= Boolean(face.inQueue);
    drawCards($("offers"), offers, "offer-card", updateOffer);
    drawCards($("mine"), assigned, "mine-card", updateMine);
    $("mine-section").hidden = assigned.length === 0;
    $("calm").hidden = offers.length > 0;
    $("calm").dataset.tone = face.tone;
    $("calm").classList.toggle("small", assigned.length > 0);
    write($("queue-empty"), welcome ? "Nobody is in the queue." : "You see it when you are signed in.");
    write($("stage-title"), offers.length > 0 ? FACES.deciding.title : face.title);
    write($("stage-text"), state === "closed" ? CLOSED_TEXT[queue.reason] : state === "connecting" && !welcome ? FIRST_TEXT : face.text);
    drawBar(state, face);
    drawAction();
    drawTitle();
}

function drawBar(state, face) {
    const broken = state === "deciding" && !queue.connected;
    $("link").dataset.tone = broken ? "warn" : face.tone;
    write($("link-text"), broken ? "Connecting" : face.pill);
    $("who").hidden = !queue.user;
    write($("who-name"), queue.user);
    $("leave").hidden = !face.inQueue;
    $("pause").hidden = !face.inQueue;
    write($("pause"), queue.paused ? "Ready again" : "Pause");
}

function drawAction() {
    const button = $("stage-action");
    const action = FACES[queue.state].action;
    const wait = action === "join" ? Math.ceil((joinAt - performance.now()) / 1000) : 0;
    button.hidden = !action;
    button.dataset.action = action ?? "";
    button.disabled = wait > 0;
    write(button, action ? `${ACTIONS[action].label}${wait > 0 ? ` (in ${wait} s)` : ""}` : "");
}

function drawTitle() {
    const [first] = queue.offers;
    const left = first ? queue.secondsLeft(first.taskId) : 0;
    const news = first ? `New task${Number.isFinite(left) ? ` (${Math.ceil(left)} s)` : ""}` : FACES[queue.state].pill;
    const title = `${news} · ${TITLE}`;
    if (document.title !== title) {
        document.title = title;
    }
}

let ticker = 0;
function setTicker() {
    const wanted = queue.offers.length > 0 || joinAt > performance.now();
    if (wanted && !ticker) {
        ticker = setInterval(onTick, 250);
    } else if (!wanted && ticker) {
        clearInterval(ticker);
        ticker = 0;
    }
}

function onTick() {
    for (const task of queue.offers) {
        const card = cards.get(`offer-card ${task.taskId} ${task.offer}`);
        if (card) {
            tick(card, task);
        }
    }
    drawAction();
    drawTitle();
    setTicker();
}

/** Bring the card to the eye of who is not busy elsewhere on the page. */
function announce(task) {
    const key = `${task.assigned ? "mine" : "offer"}-card ${task.taskId} ${task.offer}`;
    const left = queue.secondsLeft(task.taskId);
    const limit = task.assigned ? "It is yours already." : Number.isFinite(left) ? `${Math.ceil(left)} seconds to decide.` : "";
    write($("say"), `New task: ${titleOf(task)}. ${limit}`);
    if (document.activeElement === document.body || $("stage") === document.activeElement || $("calm").contains(document.activeElement)) {
        cards.get(key)?.focus({ preventScroll: false });
    }
}

/* ---- what the person does ---- */

async function run(what) {
    try {
        return await what();
    } catch (error) {
        if (error.status !== 401) {
            toast(error.message);
        }
        return undefined;
    }
}

async function decide(taskId, verb) {
    const task = [...queue.offers, ...queue.assigned].find((one) => one.taskId === taskId);
    if (!task || task.pending || task.lapsed) {
        return;
    }
    doing.add(taskId);
    await run(() => queue[verb](taskId));
    doing.delete(taskId);
}

function onKey(event) {
    const verb = { t: "assign", r: "reject" }[event.key.toLowerCase()];
    const typing = event.target.closest?.("input, textarea, select");
    const [first] = queue.offers;
    if (verb && first && $("keys").checked && !typing && !event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        decide(first.taskId, verb);
    }
}

async function leave() {
    await run(() => queue.exit());
    if (queue.state === "closed") {
        joinAt = performance.now() + STAY_AWAY * 1000;
        setTicker();
        drawAction();
        $("stage").focus({ preventScroll: true });
    }
}

/* ---- the queue of operators ---- */

let queueTimer = 0;
async function drawQueue() {
    clearTimeout(queueTimer);
    if (welcome && queue.state !== "signin" && document.visibilityState === "visible") {
        try {
            showQueue(await queue.operators());
        } catch {
            /* the pill tells of a broken connection; the list stays as it was */
        }
    }
    clearTimeout(queueTimer);
    queueTimer = setTimeout(drawQueue, QUEUE_EVERY);
}

function showQueue(operators) {
    $("queue-empty").hidden = operators.length > 0;
    $("queue").replaceChildren(...operators.map((operator, index) => {
        const line = make("li", "");
        const name = make("span", "name", operator.operatorId);
        if (operator.operatorId === queue.user) {
            name.append(make("span", "you", " (you)"));
        }
        const status = make("span", "status", STATUS_WORDS[operator.status] ?? operator.status);
        status.dataset.status = operator.status;
        const since = new Date(operator.time);
        const more = [
            Number.isNaN(since.getTime()) ? "" : `since ${clockTime.format(since)}`,
            operator.tasks?.length ? `task ${operator.tasks.map(shortId).join(", ")}` : "",
            operator.labels?.length ? operator.labels.join(", ") : "",
        ].filter(Boolean).join(" · ");
        line.append(make("span", "place", String(index + 1)), name, status, make("span", "more", more));
        return line;
    }));
}

let soon = 0;
function drawQueueSoon() {
    clearTimeout(soon);
    soon = setTimeout(drawQueue, 150);
}

/* ---- a demo task ---- */

function fillExample() {
    const [title, text] = EXAMPLES[Number(remembered("sessionStorage", "queuetasks example", "0")) % EXAMPLES.length];
    $("add-name").value = title;
    $("add-text").value = text;
}

async function addTask(event) {
    event.preventDefault();
    const [title, text, limit] = ["add-name", "add-text", "add-window"].map((id) => $(id).value.trim());
    const task = { payload: text ? { title, text } : { title } };
    if (limit) {
        task.window = Number(limit);
    }
    $("add-send").disabled = true;
    const { word, good } = await postTask(task);
    $("add-send").disabled = false;
    $("add-send").focus({ preventScroll: true });
    $("add-result").dataset.tone = good ? "" : "bad";
    $("add-result").textContent = word;
    if (good) {
        remember("sessionStorage", "queuetasks example", String(1 + Number(remembered("sessionStorage", "queuetasks example", "0"))));
        fillExample();
        drawQueueSoon();
    }
}

async function postTask(task) {
    try {
        const response = await fetch(tasksUrl, {
            method: "POST",
            headers: { "Content-Type": "application/json", Accept: "application/json" },
            body: JSON.stringify(task),
        });
        const answer = await response.json().catch(() => null);
        if (response.ok && answer?.success) {
            return { good: true, word: `Task ${shortId(answer.result.taskId)} added: ${answer.result.state}.` };
        }
        return { good: false, word: answer?.error ?? `The server answered ${response.status}.` };
    } catch {
        return { good: false, word: "The server does not answer." };
    }
}

/* ---- start ---- */

function listen() {
    queue.addEventListener("state", () => {
        draw();
        drawQueueSoon();
    });
    queue.addEventListener("tasks", () => {
        draw();
        setTicker();
    });
    queue.addEventListener("task", ({ detail }) => announce(detail));
    queue.addEventListener("closed", ({ detail: { taskId, reason, task } }) => {
        const words = (task.assigned ? GONE_ASSIGNED : GONE_WORDS)[reason];
        if (words && !doing.has(taskId)) {
            toast(words);
        }
        drawQueueSoon();
    });
    queue.addEventListener("connection", () => {
        $("link").dataset.heard = String(1 + Number($("link").dataset.heard ?? 0));
    });
    queue.addEventListener("busy", ({ detail }) => toast(`The server is busy: ${detail.data}`));
    $("pause").addEventListener("click", () => run(() => (queue.paused ? queue.ready() : queue.pause())).then(draw));
    $("leave").addEventListener("click", leave);
    $("stage-action").addEventListener("click", (event) => run(ACTIONS[event.currentTarget.dataset.action].run));
    $("add").addEventListener("submit", addTask);
    $("keys").addEventListener("change", setKeys);
    document.addEventListener("keydown", onKey);
    document.addEventListener("visibilitychange", drawQueueSoon);
}

function setKeys() {
    remember("localStorage", "queuetasks keys", $("keys").checked ? "on" : "off");
    document.body.classList.toggle("keys-off", !$("keys").checked);
}

$("keys").checked = remembered("localStorage", "queuetasks keys", "on") === "on";
setKeys();
listen();
fillExample();
draw();
await queue.open();
draw();
drawQueue();

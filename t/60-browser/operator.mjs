// The operator's page in a real browser, against a real server: what people see and press, and what the server then says.
// SPDX-License-Identifier: Apache-2.0

import { Browser } from "./browser.mjs";
import { done, is, like, ok, story } from "./tap.mjs";

const { QT_URL: url, QT_PID: pid } = process.env;
const back = `${url}/internal/queuetasks/tasks`;

/* ---- the back end's side ---- */

async function ask(method, path, body) {
    const response = await fetch(path, {
        method,
        headers: body ? { "Content-Type": "application/json" } : {},
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(10000),
    });
    const answer = await response.json();
    if (!answer.success) {
        throw new Error(`${method} ${path}: ${response.status} ${answer.error}`);
    }
    return answer.result;
}

let ids = 0;
async function add(task = {}) {
    ids += 1;
    const taskId = `t-${ids}`;
    await ask("POST", back, { taskId, payload: { title: `Job ${ids}` }, ...task });
    return taskId;
}

const look = (taskId) => ask("GET", `${back}/${taskId}`);

/* ---- the operator's side ---- */

const card = (taskId) => `.offer[data-task="${taskId}"]`;
const work = (taskId) => `.mine[data-task="${taskId}"]`;
const button = (verb) => `button[data-verb="${verb}"]`;

const seconds = async (tab, taskId) => Number(await tab.text(`${card(taskId)} .ring-text`));

/* Wait until the countdown has come down to so many seconds. */
function below(tab, taskId, most) {
    const test = (selector, wanted) => Number(document.querySelector(selector).textContent) <= wanted;
    return tab.until(`a countdown of ${most}`, 10, test, `${card(taskId)} .ring-text`, most);
}

/* Which of the pages shows the offer: [it, the other]. */
async function whose(taskId, one, two) {
    const here = await Promise.any([one.see(card(taskId)).then(() => one), two.see(card(taskId)).then(() => two)]);
    return here === one ? [one, two] : [two, one];
}

async function finish(tab, taskId) {
    await tab.click(`${work(taskId)} ${button("complete")}`);
    await tab.miss(work(taskId));
}

const browser = new Browser();
const people = {
    anna: await browser.person("anna", "demo"),
    boris: await browser.person("boris", "demo"),
    stranger: await browser.person("anna", "wrong"),
};
let anna, boris;

await story("signing in", async () => {
    const tab = await people.stranger.open(`${url}/`);
    await tab.see("#stage", "Sign in to take tasks");
    is(await tab.text("#link-text"), "Signed out", "with a wrong password one is asked to sign in");
    is(await tab.evaluate(() => document.getElementById("offers").childElementCount), 0, "and sees no task");
    people.stranger.credentials.password = "demo";
    await tab.click("#stage-action");
    await tab.see("#stage", "Waiting for a task");
    is(await tab.text("#who-name"), "anna", "the button asks again, and the page says who one is");
    await tab.close();

    anna = await people.anna.open(`${url}/`);
    await anna.see("#stage", "Waiting for a task");
    boris = await people.boris.open(`${url}/`);
    await boris.see("#stage", "Waiting for a task");
    like(await anna.see(".queue li", "anna"), /anna \(you\)/, "one finds oneself in the queue");
    like(await anna.see(".queue li", "boris"), /boris(?! \(you\))/, "and the other");
    is(await anna.evaluate(() => document.compatMode), "CSS1Compat", "the page is in standards mode");
});

await story("a task from its arrival to its end", async () => {
    const payload = { title: "Call <b>back</b>", text: "<img src=x onerror=alert(1)>", amount: 12.5 };
    const taskId = await add({ payload, window: 20 });
    const [one, other] = await whose(taskId, anna, boris);
    const start = await seconds(one, taskId);
    ok(start > 15 && start <= 20, `the countdown starts with the window (${start})`);
    await below(one, taskId, start - 1);
    ok(true, "and runs");
    like(await one.evaluate(() => document.title), /^New task \(\d+ s\)/, "the tab's title tells");
    like(await one.text("#say"), /^New task: Call <b>back<\/b>\. \d+ seconds to decide\.$/, "a screen reader is told");
    is(await one.text(`${card(taskId)} h3`), payload.title, "markup in a title is text");
    is(await one.text(`${card(taskId)} .payload p`), payload.text, "markup in a payload is text");
    is(await one.count(`${card(taskId)} :is(b, img)`), 0, "and makes no element");
    ok(await one.evaluate((selector) => document.activeElement.matches(selector), card(taskId)), "the card has the focus");
    is(await other.count(".offer"), 0, "nobody else sees it");

    await one.click(`${card(taskId)} ${button("assign")}`);
    await one.see(work(taskId));
    is(await one.count(".offer"), 0, "taken: the offer is gone and the work is there");
    const task = await look(taskId);
    is([task.state, task.operatorId], ["assigned", await one.text("#who-name")], "the server says the same");
    is(await one.text("#link-text"), "Working", "he is at work");
    await finish(one, taskId);
    is((await look(taskId)).state, "done", "completed: done for the server too");
    await one.see("#stage", "Waiting for a task");
});

await story("refusing, by key", async () => {
    const taskId = await add();
    const [one, other] = await whose(taskId, anna, boris);
    await one.press("r");
    await other.see(card(taskId));
    await one.miss(card(taskId));
    ok(true, "refused: it goes to the other");
    like(await other.text(`${card(taskId)} .offer-about`), /offered 2 times/, "who sees that it was offered before");
    is((await look(taskId)).history.map(({ outcome }) => outcome)[0], "rejected", "the server knows it as refused");
    await other.fill("#add-text", "");
    await other.press("t");
    is(await other.evaluate(() => document.getElementById("add-text").value), "t", "a key typed into a field is a letter");
    is((await look(taskId)).state, "offered", "and decides nothing");
    await other.evaluate(() => document.activeElement.blur());
    await other.press("t");
    await other.see(work(taskId));
    is((await look(taskId)).state, "assigned", "outside of fields it takes");
    await finish(other, taskId);
});

await story("time is up", async () => {
    const taskId = await add({ window: 2 });
    const [one, other] = await whose(taskId, anna, boris);
    await one.miss(card(taskId));
    await one.see("#toast", "Time is up.");
    ok(true, "the card goes and says why");
    await other.see(card(taskId));
    ok(true, "the other gets it");
    is((await look(taskId)).history[0].outcome, "timeout", "a time-out, no refusal");
    await other.click(`${card(taskId)} ${button("assign")}`);
    await other.see(work(taskId));
    await finish(other, taskId);
});

await story("pausing", async () => {
    await boris.click("#pause");
    await boris.see("#stage", "You are paused");
    await anna.see(".queue .status", "paused");
    ok(true, "others see it in the queue");
    await boris.reload();
    await boris.see("#stage", "You are paused");
    ok(true, "a page that was reloaded knows it");
});

await story("two tabs of one operator", async () => {
    const second = await people.anna.open(`${url}/`);
    await second.see("#stage", "Waiting for a task");
    const taskId = await add();
    await Promise.all([anna.see(card(taskId)), second.see(card(taskId))]);
    is(await boris.count(".offer"), 0, "who is paused is offered nothing");
    ok(true, "both tabs show the offer");
    await second.click(`${card(taskId)} ${button("assign")}`);
    await anna.miss(card(taskId));
    await anna.see(work(taskId));
    await anna.see("#toast", "You took it in another tab.");
    ok(true, "taken in one: closed in the other, where it is his work too");
    await finish(anna, taskId);
    await second.miss(work(taskId));
    ok(true, "completed in one: gone from the other");

    const refused = await add();
    await Promise.all([anna.see(card(refused)), second.see(card(refused))]);
    await anna.click(`${card(refused)} ${button("reject")}`);
    await second.miss(card(refused));
    ok(true, "refused in one: closed in the other");
    await second.close();
    await ask("DELETE", `${back}/${refused}`);
});

await story("reloading", async () => {
    const taskId = await add({ window: 30 });
    await anna.see(card(taskId));
    await below(anna, taskId, 28);
    await anna.reload();
    await anna.see(card(taskId));
    const left = await seconds(anna, taskId);
    ok(left > 10 && left <= 28, `an open offer is there again, with what was left (${left})`);
    const offset = (selector) => Number(document.querySelector(selector).getAttribute("stroke-dashoffset"));
    const ring = await anna.evaluate(offset, `${card(taskId)} .ring-left`);
    ok(ring > 4, `and its ring is not full (${ring})`);
    await anna.press("t");
    await anna.see(work(taskId));
    await anna.reload();
    await anna.see(work(taskId), `Job ${ids}`);
    ok(true, "so is an assigned task, with its payload");
    await finish(anna, taskId);
});

await story("what the back end does meanwhile", async () => {
    const withdrawn = await add();
    await anna.see(card(withdrawn));
    await ask("DELETE", `${back}/${withdrawn}`);
    await anna.miss(card(withdrawn));
    await anna.see("#toast", "The task was withdrawn.");
    ok(true, "a withdrawn offer goes and says why");
    const given = await add({ operatorId: "anna" });
    await anna.see(work(given));
    is(await anna.count(".offer"), 0, "a task that is hers already comes without a question");
    like(await anna.text("#say"), /It is yours already/, "and a screen reader is told so");
    await finish(anna, given);
});

await story("adding a demo task on the page", async () => {
    await anna.fill("#add-name", "Water the plants");
    await anna.fill("#add-text", "");
    await anna.fill("#add-window", "25");
    await anna.click("#add-send");
    await anna.see("#add-result", "added: offered");
    await anna.see(".offer", "Water the plants");
    ok(Number(await anna.text(".offer .ring-text")) <= 25, "it comes with the window that was asked for");
    await anna.click(`.offer ${button("assign")}`);
    await anna.click(`.mine ${button("complete")}`);
    await anna.see("#stage", "Waiting for a task");
});

await story("keep-alive", async () => {
    const heard = () => document.getElementById("link").dataset.heard ?? "0";
    const before = Number(await anna.evaluate(heard));
    await anna.until("a connection event", 15, (from) => Number(document.getElementById("link").dataset.heard ?? "0") > from, before);
    ok(true, "the page hears the connection event");
    is(await anna.text("#link-text"), "Waiting", "and nothing changes by it");
});

await story("a graceful restart", async () => {
    const taskId = await add();
    await anna.see(card(taskId));
    await anna.press("t");
    await anna.see(work(taskId));
    const ended = Promise.all([anna, boris].map((tab) => tab.see("#link-text", "Connecting")));
    process.kill(Number(pid), "SIGUSR1");
    await ended;
    await Promise.all([anna.see("#link-text", "Working"), boris.see("#link-text", "Paused")]);
    is(await anna.count(work(taskId)), 1, "the pages come back by themselves and the work is still there");
    await finish(anna, taskId);
    await anna.see("#stage", "Waiting for a task");
});

await story("leaving", async () => {
    await boris.click("#stage-action");
    await boris.see("#stage", "Waiting for a task");
    const second = await people.boris.open(`${url}/`);
    await second.see("#stage", "Waiting for a task");
    await boris.click("#leave");
    await boris.see("#stage", "You have left the queue.");
    await second.see("#stage", "The server does not let you in now.");
    ok(true, "the other tab comes back, gets 204 and stays closed, and says so");
    await anna.until("boris is out of the queue", 15, () => !document.getElementById("queue").textContent.includes("boris"));
    const taskId = await add();
    await anna.see(card(taskId));
    is([await boris.count(".offer"), await second.count(".offer")], [0, 0], "who has left is offered nothing");
    await anna.press("t");
    await anna.see(work(taskId));
    await finish(anna, taskId);
    await boris.click("#stage-action");
    await boris.see("#stage", "Waiting for a task");
    ok(true, "after a while one may join again");
    is(await second.text("#link-text"), "Not in the queue", "the other tab stays as it was until it is asked");
});

await story("the console", async () => {
    const problems = [...anna?.problems ?? ["anna never came"], ...boris?.problems ?? ["boris never came"]];
    is(problems, [], "no error, and nothing that its content security policy forbids");
});

await browser.close();
done();

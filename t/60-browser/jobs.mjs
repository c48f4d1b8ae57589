// Jobs, notices and logs on the page, and the demo job from a shell, against a real server: what people see, and what goes over the wire.
// SPDX-License-Identifier: Apache-2.0

import { execFile } from "node:child_process";
import { request } from "node:http";
import { promisify } from "node:util";
import { Browser } from "./browser.mjs";
import { done, is, like, ok, story } from "./tap.mjs";

const { QT_URL: url, QT_PID: pid, QT_TOP: top } = process.env;
const api = `${url}/api/v1/QueueTasks`;
const back = `${url}/internal/queuetasks`;
const execute = promisify(execFile);

/* ---- the wire ---- */

const password = (user) => ({ Authorization: `Basic ${btoa(`${user}:demo`)}`, Accept: "text/event-stream" });

/* What a stream says, from now on, as the texts of its events; stop() ends it. */
async function eavesdrop(user, path) {
    const heard = [];
    const ender = new AbortController();
    const { body } = await fetch(`${api}/${path}`, { headers: password(user), signal: ender.signal });
    (async () => {
        let rest = "";
        for await (const part of body.pipeThrough(new TextDecoderStream())) {
            const events = (rest + part).split("\n\n");
            rest = events.pop();
            heard.push(...events.map((event) => event.split("\n").filter((line) => /^data: /.test(line)).map((line) => line.slice(6)).join("\n")));
        }
    })().catch(() => {});
    return { heard, stop: () => ender.abort() };
}

/* A call with headers that fetch does not let one set; its status. */
function status(path, headers) {
    return new Promise((keep, refuse) => {
        const call = request(`${back}/${path}`, { method: "POST", headers }, (answer) => {
            answer.resume();
            keep(answer.statusCode);
        });
        call.on("error", refuse);
        call.end("x");
    });
}

const attempts = (user) => Array.from({ length: 10 }, (_, step) => `User '${user}', attempt ${step + 1} / 10`);
const completed = (user) => new RegExp(`^User '${user}' completed the task at: .*\\d+:\\d\\d.*\\.$`);

/* ---- the page ---- */

const job = (kind) => `.jobs li[data-job^="${kind}-"]`;
const notice = (text) => `.notices li:has(button[aria-label="Read: ${text}"])`;
const bar = (tab, kind) => tab.evaluate((selector) => {
    const one = document.querySelector(`${selector} progress`);
    return one && [one.value, one.max];
}, job(kind));

/* The bar has come so far. */
function reaches(tab, kind, least) {
    const test = (selector, wanted) => (document.querySelector(`${selector} progress`)?.value ?? -1) >= wanted;
    return tab.until(`${kind} at ${least}`, 20, test, job(kind), least);
}

async function say(tab, to, text) {
    await tab.fill("#send-to", to);
    await tab.fill("#send-text", text);
    await tab.click("#send-it");
    return tab.until("word of the message", 15, () => document.getElementById("send-text").value === "" && document.getElementById("send-result").textContent);
}

async function come(person) {
    const tab = await person.open(`${url}/jobs.html`);
    await tab.see("#link-text", "Live");
    return tab;
}

const browser = new Browser();
const [annas, boriss, claras] = await Promise.all(["anna", "boris", "clara"].map((name) => browser.person(name, "demo")));
let anna, second, boris;

await story("coming", async () => {
    anna = await come(annas);
    second = await come(annas);
    boris = await come(boriss);
    is([await anna.text("#who-name"), await boris.text("#who-name")], ["anna", "boris"], "the page says who one is");
    const stranger = await (await browser.person("anna", "wrong")).open(`${url}/jobs.html`);
    await stranger.see("#link-text", "Signed out");
    ok(await stranger.evaluate(() => document.getElementById("start-task").disabled), "with a wrong password nothing can be started");
    await stranger.close();
});

await story("a job on the page, the page loaded again in the middle, a job from a shell at the same time", async () => {
    const [annasWire, borissWire] = [await eavesdrop("anna", "notifications"), await eavesdrop("boris", "notifications")];
    const shell = execute("sh", [`${top}/conf/demo-job.sh`, "boris", new URL(url).port]);
    await anna.click("#start-task");
    await Promise.all([reaches(anna, "task", 2), reaches(second, "task", 2), reaches(boris, "shell", 1)]);
    ok(true, "N8-7: the bar moves, in both tabs, and for a job from a shell");
    like(await anna.see(`${job("task")} .text`), /^User 'anna', attempt \d+ \/ 10$/, "N8-7: and says what the job says");
    await reaches(anna, "task", 4);
    await anna.reload();
    await reaches(anna, "task", 4);
    const [value] = await bar(anna, "task");
    ok(value >= 4 && value < 10, `loaded again in the middle, the page shows the present state (${value})`);
    const late = await come(boriss);
    const [there] = await reaches(late, "shell", 1).then(() => bar(late, "shell"));
    ok(there >= 4, `a page that comes late shows at once how far it is (${there})`);
    await late.close();
    await Promise.all([reaches(anna, "task", 10), reaches(second, "task", 10)]);
    is(await bar(second, "task"), [10, 10], "N8-7: it comes to 10 of 10");
    for (const tab of [anna, second]) {
        like(await tab.until("the end", 15, (selector) => document.querySelector(selector)?.dataset.state === "done"
            && document.querySelector(`${selector} .text`).textContent, job("task")), completed("anna"), "N8-3: and to its end, in both tabs");
    }
    is(annasWire.heard.filter((text) => /attempt/.test(text)), attempts("anna"), "N8-7: over the wire each step came once and in order, in spite of the reload");
    const answer = JSON.parse((await shell).stdout.trim().split("\n").at(-1));
    is([Object.keys(answer), answer.message], [["message", "data"], "Task completed"], "N8-3: the job from the shell gives the final answer");
    like(answer.data, completed("boris"), "N8-3: with the time");
    is(borissWire.heard.filter(Boolean), attempts("boris"), "N8-7: its steps are boris's, and anna's are not");
    is([await anna.count(job("shell")), await boris.count(job("task"))], [0, 0], "nobody sees the jobs of others");
    annasWire.stop();
    borissWire.stop();
});

await story("the object", async () => {
    const wire = await eavesdrop("anna", "notifications");
    const { stdout } = await execute(process.execPath, [`${top}/web/demo-job.mjs`, "anna", "object", back]);
    const object = '{"Name":"Victor","Age":30,"Country":"Spain","IsActive":true}';
    const steps = [5, 4, 3, 2, 1].map((left) => `Object sent to user 'anna' in ${left}...`);
    is(wire.heard.filter((text) => /Object|Victor/.test(text)), [...steps, object], "N8-8: the countdown, then the object");
    like(JSON.parse(stdout.trim().split("\n").at(-1)).data, completed("anna"), "N8-4: the final answer is that of the task");
    like(await anna.see(`${job("object")} .text`, "Victor"), /^\{"Name":"Victor"/, "N8-8: the page shows it");
    await anna.see(notice("Object sent to user 'anna' in 1...").replace(/"/g, '"'));
    ok(true, "N8-8: among the notices, too");
    wire.stop();
});

await story("notices", async () => {
    await anna.click("#read-all");
    await Promise.all([anna.miss(".notices li"), second.miss(".notices li")]);
    ok(true, "NT-10: all read at once, in the other tab, too");
    is(await say(anna, "", "To <b>all</b>"), "Delivered.", "to everybody");
    for (const tab of [anna, second, boris]) {
        like(await tab.see(notice("To <b>all</b>")), /ALERT/, "NT-9: arrives with its type");
    }
    is(await boris.evaluate(() => document.querySelectorAll(".notices b").length), 0, "markup is text");
    is(await say(boris, "anna", "Räder für anna"), "Delivered.", "to one");
    await Promise.all([anna.see(notice("Räder für anna")), second.see(notice("Räder für anna"))]);
    is(await boris.count(notice("Räder für anna")), 0, "who is not meant does not see it");
    await anna.click(`${notice("To <b>all</b>")} button`);
    await Promise.all([anna, second].map((tab) => tab.miss(notice("To <b>all</b>"))));
    ok(true, "NT-10: read: gone, in both tabs");
    is(await boris.count(notice("To <b>all</b>")), 1, "NT-10: for others it is not");
});

await story("who is away", async () => {
    is(await say(anna, "clara", "First"), "Kept until clara comes.", "A-27: not delivered, but kept");
    await say(anna, "clara", "Second");
    const clara = await come(claras);
    await Promise.all([clara.see(notice("First")), clara.see(notice("Second"))]);
    await clara.click(`${notice("First")} button`);
    await clara.miss(notice("First"));
    await clara.reload();
    await clara.see(notice("Second"));
    is(await clara.count(notice("First")), 0, "NT-10: what was read is destroyed, what was not is given again");
    is(await say(anna, "nobody-yet", "Hello"), "Kept until nobody-yet comes.", "somebody who never was there may come");
    await clara.close();
});

await story("a log", async () => {
    await anna.click("#start-log");
    await anna.see(".log li", "Opening the archive");
    await anna.see("#log-text", "8 lines, then the end.");
    const lines = await anna.evaluate(() => [...document.querySelectorAll(".log li")].map((line) => line.textContent));
    is([lines.length, lines[0], lines.at(-2), lines.at(-1)], [9, "Opening the archive", "Done in 4.2 s", "End of the log"],
        "RK-16: it fills line by line, and ends");
    is(await anna.evaluate(() => document.getElementById("start-log").disabled), false, "and can be run again");
});

await story("who may not", async () => {
    const read = (user, topic) => fetch(`${api}/events?topic=${topic}`, { method: "HEAD", headers: password(user) });
    is([(await read("anna", "jobs/anna")).status, (await read("anna", "jobs/boris")).status], [200, 403], "N8-19: one's own jobs, and no others");
    const path = "users/anna/messages";
    const { host, port } = new URL(url);
    is(await status(path, { Host: `localhost:${port}` }), 200, "this machine may publish");
    is(await status(path, { Host: host, Origin: "http://evil.example" }), 403, "a page of another site may not");
    is(await status(path, { Host: host, "Sec-Fetch-Site": "cross-site" }), 403, "however the browser tells");
    is(await status(path, { Host: `evil.example:${port}`, Origin: `http://evil.example:${port}` }), 403, "nor one whose name was made to point here");
});

await story("a graceful restart in the middle", async () => {
    await anna.click("#start-task");
    await anna.until("a second job", 15, () => document.querySelectorAll('.jobs li[data-job^="task-"]').length === 2);
    await reaches(anna, "task", 2);
    const gone = [anna, second].map((tab) => tab.see("#link-text", "Connecting"));
    process.kill(Number(pid), "SIGUSR1");
    await Promise.all(gone);
    await Promise.all([anna, second].map((tab) => tab.see("#link-text", "Live")));
    for (const tab of [anna, second]) {
        await tab.until("the end", 30, (selector) => document.querySelector(selector)?.dataset.state === "done", job("task"));
    }
    ok(true, "the pages come back by themselves, and the job comes to its end");
});

await story("on a phone", async () => {
    await anna.send("Emulation.setDeviceMetricsOverride", { width: 360, height: 740, deviceScaleFactor: 1, mobile: true });
    is(await anna.evaluate(() => document.documentElement.scrollWidth), 360, "at 360 px nothing sticks out");
    const named = await anna.evaluate(() => [...document.querySelectorAll("button, input, select, progress")].filter((one) => one.checkVisibility()
        && !(one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.length)).map((one) => one.outerHTML));
    is(named, [], "whatever can be used has a name");
});

await story("the console", async () => {
    is([anna, second, boris].flatMap((tab) => tab?.problems ?? ["a tab never came"]), [], "no error, and nothing that its content security policy forbids");
});

await browser.close();
done();

// The rules of web/queuetasks.js that a live server shows too slowly or too seldom: here clock, network and EventSource are made up.
// SPDX-License-Identifier: Apache-2.0

import { done, is, ok, story } from "./tap.mjs";
import { begin, load, pass, settle, stream, world } from "./world.mjs";

const { OperatorQueue } = await load("queuetasks.js");

/* A queue that was opened, with a diary of its events. */
async function opened(options = {}, more = {}) {
    begin({ "GET my-tasks": { result: [] }, ...more });
    const queue = new OperatorQueue({ base: "/q/", ...options });
    queue.diary = [];
    for (const type of ["closed", "busy", "trouble"]) {
        const line = ({ taskId, reason }) => (type === "closed" ? `closed ${taskId} ${reason}` : type);
        queue.addEventListener(type, ({ detail }) => queue.diary.push(line(detail)));
    }
    await queue.open();
    await settle();
    return queue;
}

const wall = (ms = 0) => new Date(world.wall + world.now + ms).toISOString();
const offer = (taskId, secondsLeft, more = {}) => ({
    taskId, assigned: false, offer: `o-${taskId}`, serverTime: wall(), secondsLeft, attempt: 1, ...more,
});
const ids = (tasks) => tasks.map((task) => task.taskId);

/* ---- the stories ---- */

await story("the order of calls", async () => {
    const queue = await opened();
    is([...world.calls, stream().url], ["GET my-tasks", "/q/wait-sse"], "my-tasks before wait-sse, and take-free not unasked");
    is(queue.state, "connecting", "connecting until the stream is open");
    stream().opens();
    is(queue.state, "waiting", "then waiting");
    const first = await opened({ takeFirst: true }, { "POST take-free": { result: { taskId: "7", payload: "p" } } });
    is(world.calls, ["GET my-tasks", "POST take-free"], "takeFirst asks take-free in between");
    is(ids(first.assigned), ["7"], "what it gives is his at once");
    const refused = await opened({ takeFirst: true }, { "POST take-free": { status: 400, code: 2, error: "no" } });
    is([refused.state, refused.reason, world.sources.length], ["closed", "refused", 0], "who may not take does not wait either");
});

await story("the countdown does not believe the wall clock", async () => {
    const queue = await opened();
    stream().opens();
    world.wall += 3600e3;
    stream().tells("task", offer("1", 40));
    is(queue.secondsLeft("1"), 40, "a server clock an hour off changes nothing");
    await pass(15000);
    is(queue.secondsLeft("1"), 25, "it runs on the monotonic clock");
    stream().tells("task", offer("2", 40, { serverTime: wall(-9000) }));
    is(queue.secondsLeft("2"), 31, "news that was on its way for 9 s has 9 s less");
    stream().tells("task", offer("3", 40, { serverTime: wall(-800) }));
    is(queue.secondsLeft("3"), 40, "less than the clock's grain is no delay");
    stream().tells("task", offer("4", 40, { serverTime: wall(-7200e3) }));
    is(queue.secondsLeft("4"), 40, "older than its own offer: the server's clock was set, not the news late");
    stream().tells("task", offer("6", 40, { expiresAt: wall(39300) }));
    is(Math.round(queue.secondsLeft("6") * 10), 393, "expiresAt is finer than whole seconds");
    stream().tells("task", { taskId: "5", assigned: false });
    is(queue.secondsLeft("5"), Infinity, "an offer without a time has no end");
});

await story("the end of a countdown", async () => {
    const queue = await opened();
    stream().opens();
    stream().tells("task", offer("1", 3));
    world.answers["GET my-tasks"] = () => ({ result: [offer("1", 5)] });
    world.calls = [];
    await pass(3000);
    ok(queue.offers[0].lapsed, "it is marked");
    is(world.calls, [], "and the client does not refuse by itself");
    await pass(2000);
    is(world.calls, ["GET my-tasks"], "without a word of the server it asks");
    is([queue.offers[0]?.lapsed, queue.secondsLeft("1")], [false, 5], "and believes the answer: the server is the judge");
    stream().tells("closed", { taskId: "1", reason: "expired" });
    is([queue.offers.length, queue.diary.at(-1)], [0, "closed 1 expired"], "the server's word ends it");
    const old = await opened({ rejectOnExpiry: true });
    stream().opens();
    stream().tells("task", offer("1", 3));
    world.calls = [];
    await pass(2900);
    is(world.calls, [], "rejectOnExpiry: nothing before the end");
    await pass(200);
    is(world.calls, ['POST 1/reject?offer=o-1 {"reason":"time is up"}'], "QT-21 by choice, rejectOnExpiry: then it refuses, fenced by the offer");
    is(old.offers.length, 0, "and the offer is gone");
});

await story("several tabs", async () => {
    const queue = await opened();
    stream().opens();
    stream().tells("task", offer("1", 40));
    stream().tells("closed", { taskId: "1", reason: "assigned" });
    is([queue.offers.length, ids(queue.assigned), queue.state], [0, ["1"], "working"], "taken in another tab: it is his work here too");
    world.answers["POST 2/assign"] = { status: 410, code: 13, error: "gone" };
    stream().tells("task", offer("2", 40));
    world.answers["GET my-tasks"] = { result: [{ ...offer("1"), assigned: true }, { ...offer("2"), assigned: true }] };
    await queue.assign("2");
    is(ids(queue.assigned), ["1", "2"], "second to the other tab by a blink: no error, it is his");
    world.answers["POST 1/complete"] = { status: 200 };
    const other = new BroadcastChannel("queuetasks /q");
    let looks = 0;
    other.onmessage = () => { looks += 1; };
    await queue.complete("1");
    is(looks, 1, "after complete the other tabs are told to look");
    world.answers["GET my-tasks"] = { result: [] };
    other.postMessage("look");
    await settle();
    is(queue.assigned.length, 0, "told so, a tab asks what is his");
    other.close();
});

await story("a decision that comes too late", async () => {
    const queue = await opened();
    stream().opens();
    stream().tells("task", offer("1", 40));
    world.answers["POST 1/assign"] = { status: 410, code: 13, error: "the offer is gone" };
    const error = await queue.assign("1").catch((one) => one);
    const { name, status, code, message, gone } = error;
    is([name, status, code, message, gone], ["QueueError", 410, 13, "the offer is gone", true], "the error tells all");
    is(queue.offers.length, 0, "and the offer goes");
    stream().tells("task", offer("2", 40));
    world.answers["POST 2/assign"] = { status: 502, code: 11, error: "no answer" };
    world.answers["GET my-tasks"] = { result: [offer("2", 40)] };
    await queue.assign("2").catch(() => {});
    is([queue.offers.length, queue.offers[0].pending], [1, ""], "502 leaves it standing, ready to be decided again");
    let release;
    world.answers["POST 2/reject"] = () => new Promise((keep) => { release = () => keep({ status: 200 }); });
    const under = queue.reject("2");
    is(queue.offers[0].pending, "reject", "while a call is under way the task says so");
    stream().tells("task", offer("2", 40, { offer: "o-later" }));
    release();
    await under;
    const left = queue.offers.map((task) => [task.offer, task.pending]);
    is(left, [["o-later", ""]], "the answer of an old offer leaves a new one of the same task alone");
});

await story("what an EventSource does not tell", async () => {
    const queue = await opened({}, { "HEAD wait-sse": { status: 204 } });
    stream().opens();
    stream().breaks(true);
    await settle();
    is([queue.state, queue.reason], ["closed", "refused"], "204: closed, and it says why");
    await pass(120e3);
    is(world.sources.length, 1, "and stays closed");
    const moved = await opened();
    stream().opens();
    stream().tells("closed", { reason: "replaced" });
    is([moved.state, moved.reason, stream().readyState], ["closed", "replaced", 2], "replaced by another device: closed, and no fight");
    const stranger = await opened({}, { "HEAD wait-sse": { status: 401 } });
    stream().breaks(true);
    await settle();
    is(stranger.state, "signin", "401: wants a name");
    const nobody = await opened({}, { "GET my-tasks": { status: 401, code: 3 } });
    is([nobody.state, world.sources.length], ["signin", 0], "401 at first: no stream is tried");
});

await story("growing waits", async () => {
    const queue = await opened({}, { "HEAD wait-sse": { status: 503 } });
    stream().opens();
    const waits = [];
    for (let turn = 0; turn < 8; turn++) {
        const [before, streams] = [world.now, world.sources.length];
        stream().breaks(true);
        await settle();
        while (world.sources.length === streams && world.now - before < 60e3) {
            await pass(50);
        }
        waits.push(world.now - before);
    }
    const most = (turn) => Math.min(30e3, 1000 * 2 ** turn);
    const within = waits.every((wait, turn) => wait >= 0.5 * most(turn) && wait <= most(turn) + 50);
    ok(within, "each wait lies between the half and the whole of 1 s, 2 s, 4 s ... 30 s", waits.join(" "));
    is(queue.state, "connecting", "it says connecting all the time");
    stream().opens();
    is(queue.state, "waiting", "and is back when the stream is");
    world.answers["HEAD wait-sse"] = { status: 503, headers: { "Retry-After": "20" } };
    const streams = world.sources.length;
    stream().breaks(true);
    await pass(19e3);
    is(world.sources.length, streams, "Retry-After is kept to");
    await pass(1500);
    is(world.sources.length, streams + 1, "and then it is tried");
});

await story("after a break", async () => {
    const queue = await opened();
    stream().opens();
    stream().tells("task", { taskId: "1", assigned: true });
    stream().breaks(false);
    is([queue.connected, queue.state, world.sources.length], [false, "connecting", 1], "the EventSource mends it itself");
    world.answers["GET my-tasks"] = { result: [offer("2", 12)] };
    stream().opens();
    await settle();
    is([ids(queue.offers), queue.assigned.length, queue.state], [["2"], 0, "deciding"], "then it is asked what is his");
    stream().breaks(false);
    is([queue.state, queue.connected], ["deciding", false], "an offer can be decided without a stream");
});

await story("a connection that died without a word", async () => {
    const queue = await opened();
    stream().opens();
    await pass(60e3);
    is(world.sources.length, 1, "silence alone is nothing: keep-alives may be comments");
    stream().tells("task", { taskId: "1", assigned: true });
    await pass(20e3);
    stream().tells("connection", '"x"');
    await pass(59e3);
    is(world.sources.length, 1, "two keep-alives late");
    await pass(2e3);
    is([world.sources.length, world.sources[0].readyState, queue.state], [2, 2, "connecting"], "three: a new stream, the old one closed");
});

await story("news that is newer than an answer", async () => {
    const queue = await opened();
    stream().opens();
    let turn = 0;
    world.answers["GET my-tasks"] = () => {
        turn += 1;
        if (turn === 1) {
            stream().tells("task", offer("9", 40));
            return { result: [] };
        }
        return { result: [offer("9", 40)] };
    };
    await queue.myTasks();
    is([turn, ids(queue.offers)], [2, ["9"]], "an offer that came while it was asked is not thrown away: it asks again");
});

await story("leaving, pausing, who one is", async () => {
    const queue = await opened({}, { "GET my-tasks": { result: [], headers: { "X-Operator": "anna" } } });
    stream().opens();
    is(queue.user, "anna", "the host's header tells the name");
    world.answers["GET my-tasks"] = { result: [], headers: { "X-Operator": Buffer.from("Борис").toString("latin1") } };
    await queue.myTasks();
    is(queue.user, "Борис", "in any letters");
    world.answers["GET my-tasks"] = { result: [], headers: { "X-Operator": "anna" } };
    await queue.myTasks();
    await queue.pause();
    is(queue.state, "paused", "paused");
    world.answers["GET queue-operators"] = { result: [{ operatorId: "anna", status: "free", tasks: [] }] };
    await queue.operators();
    is(queue.state, "waiting", "another tab made him ready: the queue tells");
    stream().tells("task", offer("1", 40));
    stream().tells("task", { taskId: "2", assigned: true });
    await queue.exit();
    is([queue.state, queue.reason, stream().readyState], ["closed", "left", 2], "left, and the stream is closed");
    is([queue.offers.length, queue.assigned.length], [0, 1], "offers go to others, his own work stays");
    await pass(120e3);
    is([world.sources.length, world.timers.size], [1, 0], "nothing is tried or timed any more");
    await queue.open();
    is(world.sources.length, 2, "open() joins again");
});

await story("what can't be read", async () => {
    const queue = await opened();
    stream().opens();
    stream().tells("task", "{");
    is([queue.diary.at(-1), queue.offers.length], ["trouble", 0], "a broken event is told and does no harm");
    stream().tells("busy", "draining");
    is(queue.diary.at(-1), "busy", "busy is passed on");
});

done();

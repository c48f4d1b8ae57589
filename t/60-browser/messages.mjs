// The rules of web/messages.js and web/link.js in a made-up world: where a stream goes on, how long it waits, when it stays away.
// SPDX-License-Identifier: Apache-2.0

import { done, is, like, ok, story } from "./tap.mjs";
import { begin, load, pass, settle, stream, world } from "./world.mjs";

const { NotificationStream, QueueStream, TopicStream } = await load("messages.js");

const LINES = {
    message: ({ id, key, type, data }) => `message ${id} ${key ?? "-"} ${type} ${JSON.stringify(data)}`,
    synchronizing: ({ id }) => `synchronizing ${id}`,
    gap: ({ id, reason }) => `gap ${id} ${reason}`,
    read: ({ id }) => `read ${id}`,
    busy: ({ data }) => `busy ${data}`,
    closed: ({ reason }) => `closed ${reason}`,
    trouble: ({ error }) => `trouble ${error.status ?? ""}`,
    state: ({ state, from }) => `${from} > ${state}`,
};

/* A stream that was opened, with a diary of its events. */
function opened(one, answers = {}) {
    begin(answers);
    one.diary = [];
    for (const [type, line] of Object.entries(LINES)) {
        one.addEventListener(type, ({ detail }) => one.diary.push(line(detail)));
    }
    one.open();
    return one;
}

const topics = (more = {}, answers = {}) => opened(new TopicStream({ base: "/q/", topics: ["a"], ...more }), answers);
const envelope = (key, data, type = "message") => ({ topic: "a", key, type, data });
const query = () => new URL(stream().url, "http://host").searchParams;
const at = () => query().get("lastEventId");

/* Break, and wait for the next stream; how long that took. */
async function untilNext(forGood) {
    const [before, streams] = [world.now, world.sources.length];
    stream().breaks(forGood);
    await settle();
    while (world.sources.length === streams && world.now - before < 60e3) {
        await pass(50);
    }
    return world.now - before;
}

await story("the address", async () => {
    topics({ topics: ["news", "orders/anna & co/*"], keys: ["ü", "b"] });
    is(stream().url.replace(/\?.*/, ""), "/q/events", "it is the endpoint's");
    is(query().getAll("topic"), ["news", "orders/anna & co/*"], "topics arrive as they are, & and / included");
    is([query().getAll("key"), query().get("envelope"), at()], [["ü", "b"], "1", null], "so do keys; an id is not made up");
    topics({ lastEventId: "0" });
    is(at(), "0", "one may begin behind everything");
    topics({ base: "/q?token=x%26y" });
    is([stream().url.split("?").length, query().get("token"), query().get("topic")], [2, "x&y", "a"],
        "SP-48: a base that has a query keeps it, with one ? and the right &");
    opened(new QueueStream({ base: "/q", queue: "a/b?c" }));
    is(stream().url, "/q/queues/a%2Fb%3Fc/messages", "SP-48: without a query there is no ? either");
    stream().opens();
    stream().tells("message", "x", "e-1");
    await untilNext(true);
    is(stream().url, "/q/queues/a%2Fb%3Fc/messages?lastEventId=e-1", "SP-48: and the id that then comes gets its ?");
});

await story("what is heard", async () => {
    const one = topics({ keys: ["mine"], types: ["ALERT"] });
    stream().opens();
    stream().tells("synchronizing", "NULL", "e-4");
    stream().tells("message", envelope("mine", { n: 1 }), "e-5");
    stream().tells("ALERT", envelope(null, "to all", "ALERT"), "e-6");
    stream().tells("message", envelope("foreign", 1), "e-7");
    stream().tells("message", envelope("mine", { n: 1 }), "e-5");
    stream().tells("gap", { reason: "evicted" }, "e-9");
    stream().tells("message", "{", "e-10");
    is(one.diary, [
        "idle > connecting", "connecting > open", "synchronizing e-4", 'message e-5 mine message {"n":1}', 'message e-6 - ALERT "to all"',
        "gap e-9 evicted", "trouble ",
    ], "messages, gaps and the start; SP-13: none of a foreign key, nothing twice, and what can't be read does no harm");
    is(one.lastEventId, "e-10", "the last id is that of the last event, whatever it was");
});

await story("a break keeps the id, close() forgets it", async () => {
    const one = topics();
    stream().opens();
    stream().tells("message", envelope("k", 1), "e-5");
    await untilNext(true);
    is(at(), "e-5", "SP-13: after an error it goes on from the last id");
    stream().opens();
    stream().tells("message", envelope("k", 2), "e-8");
    await untilNext(true);
    is(query().getAll("lastEventId"), ["e-8"], "SP-48: the newest id wins, and there is but one");
    stream().opens();
    one.close();
    is([one.state, one.reason, stream().readyState], ["closed", "closed", 2], "SP-13: close() ends it");
    one.open();
    is(at(), null, "SP-13: what was closed on purpose has forgotten the id");
    stream().opens();
    stream().tells("message", envelope("k", 2), "e-8");
    is(one.diary.at(-1), "message e-8 k message 2", "and what was known: it is told again");
    const behind = topics({ lastEventId: "0" });
    stream().opens();
    stream().tells("message", envelope("k", 1), "e-5");
    behind.close();
    behind.open();
    is(at(), "0", "one that begins behind begins there again");
});

await story("who mends", async () => {
    const one = topics();
    stream().opens();
    stream().tells("message", envelope("k", 1), "e-5");
    stream().breaks(false);
    await pass(20e3);
    is([world.sources.length, one.state], [1, "connecting"], "first the browser: it keeps to the server's retry and sends its id as a header");
    stream().opens();
    is([one.state, world.sources.length], ["open", 1], "and may be back");
    stream().breaks(false);
    const wait = await untilNext(false);
    ok(wait >= 500 && wait <= 1050, "SP-12: when that fails, too, the client waits itself, at first up to 1 s", wait);
    is([at(), world.sources[0].readyState], ["e-5", 2], "SP-48: the new stream has the newest id, and the old one is closed");
});

await story("growing waits", async () => {
    const one = topics({}, { "HEAD events": { status: 503 } });
    const waits = [];
    for (let turn = 0; turn < 9; turn++) {
        waits.push(await untilNext(turn % 2 === 0));
    }
    const most = (turn) => Math.min(30e3, 1000 * 2 ** turn);
    ok(waits.every((wait, turn) => wait >= 0.5 * most(turn) && wait <= most(turn) + 50),
        "SP-12: each wait lies between the half and the whole of 1 s, 2 s, 4 s ... 30 s, whichever way it fails", waits.join(" "));
    ok(new Set(waits.slice(5).map(Math.round)).size > 1, "SP-12: with jitter");
    is(one.state, "connecting", "SP-12: without end");
    is(one.diary.filter((line) => line === "trouble 503").length, 5, "each refusal is told");
    stream().opens();
    const first = await untilNext(true);
    ok(first <= 1050, "SP-12: a stream that opens starts them anew", first);
});

await story("the server is busy", async () => {
    const one = topics();
    stream().opens();
    stream().tells("busy", "draining");
    stream().breaks(false);
    is([one.diary.slice(-2), world.sources.length], [["busy draining", "open > connecting"], 1], "it says so, and the browser comes back when the server wants it");
});

await story("staying away", async () => {
    const kicked = topics({}, { "HEAD events": { status: 204 } });
    stream().opens();
    stream().breaks(true);
    await pass(120e3);
    is([kicked.state, kicked.reason, world.sources.length, world.timers.size], ["closed", "refused", 1, 0], "NT-59: 204: closed for good");
    is(kicked.diary.filter((line) => /^closed/.test(line)), ["closed refused"], "and said once");
    const nobody = topics({}, { "HEAD events": { status: 401 } });
    stream().breaks(true);
    await pass(120e3);
    is([nobody.state, world.sources.length], ["signin", 1], "401: wants a name");
    nobody.open();
    is(world.sources.length, 2, "and is opened again when there is one");
    const forbidden = topics({}, { "HEAD events": { status: 403, code: 3 } });
    stream().breaks(true);
    await settle();
    is(forbidden.diary.at(-1), "trouble 403", "a topic that is not allowed is told");
});

await story("one device", async () => {
    const one = topics();
    stream().opens();
    stream().tells("message", envelope("k", 1), "e-5");
    stream().tells("closed", { reason: "replaced" });
    is([one.state, one.reason, stream().readyState], ["closed", "replaced", 2], "NT-15: replaced by another device: closed");
    await pass(120e3);
    is([world.sources.length, one.diary.at(-1)], [1, "closed replaced"], "NT-15: no fight: it does not come back by itself");
    one.open();
    is([world.sources.length, at()], [2, "e-5"], "NT-15: but when it is asked to, and goes on where it was");
});

await story("notifications", async () => {
    const [one, tab] = [new NotificationStream({ base: "/q" }), new NotificationStream({ base: "/q" })];
    const heard = [];
    tab.addEventListener("read", ({ detail }) => heard.push(detail.id));
    tab.open();
    opened(one);
    stream().opens();
    stream().tells("ALERT", "Räder & <b>Co</b>", "e-1");
    stream().tells("BUSSINESS", '{"order":7}', "e-2");
    stream().tells("message", "User 'anna', attempt 1 / 10", "e-3");
    is(one.diary.slice(2), [
        'message e-1 - ALERT "Räder & <b>Co</b>"', 'message e-2 - BUSSINESS {"order":7}', `message e-3 - message "User 'anna', attempt 1 / 10"`,
    ], "NT-9: the usual types, and what has none");
    await one.read("e-2");
    is(world.calls, ["DELETE notifications/e-2"], "NT-10: reading destroys it at the server");
    is([one.diary.at(-1), heard], ["read e-2", ["e-2"]], "NT-10: the page hears it, and so do other tabs");
    world.answers["DELETE notifications/e-1"] = { status: 503, code: 10, error: "full" };
    const error = await one.read("e-1").catch((refused) => refused);
    is([error.name, error.status, error.message], ["QueueError", 503, "full"], "NT-10: a read that fails says why");
    stream().tells("ALERT", "once more", "e-1");
    is(one.diary.filter((line) => /e-1 /.test(line)).length, 1, "what is given again after a break is told once");
    one.close();
    tab.close();
    is(world.channels.length, 0, "closed, it listens to nobody");
});

await story("a queue", async () => {
    const log = opened(new QueueStream({ base: "/q", queue: "log" }));
    stream().opens();
    stream().tells("message", "line 1", "e-1");
    stream().tells("message", "---terminate--- is not the end inside of a line", "e-2");
    stream().tells("message", "---terminate---");
    is(log.diary.slice(2), [
        'message e-1 - message "line 1"', 'message e-2 - message "---terminate--- is not the end inside of a line"', "open > closed",
        "closed terminated",
    ], "RK-11: lines in order, then the end, which is no line");
    is([log.reason, stream().readyState], ["terminated", 2], "RK-11: closed");
    await pass(120e3);
    is([world.sources.length, world.timers.size, world.calls], [1, 0, []], "RK-11: and it does not ask again");
    const notes = opened(new NotificationStream({ base: "/q" }));
    stream().opens();
    stream().tells("message", "---terminate---", "e-1");
    is(notes.state, "open", "elsewhere the word is a word like any other");
    like(notes.diary.at(-1), /terminate/, "and is told");
});

done();

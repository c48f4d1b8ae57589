/* A long job that tells how far it is, by the public API alone: from a page, or from a shell: node web/demo-job.mjs USER [task|object|log] */
/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Each step goes two ways. As a message to the user (POST users/{user}/messages): every one is told, and waits for him in his mailbox
 * when he is away. As the job's state in the topic jobs/{user}, key = job: the topic keeps the last of each key, so that a page
 * that comes late, or again, sees at once how far every job is. The state is {"done","of","text","state":"running"|"done"}; its
 * version is the step, so that one which was sent twice, or late, never takes the place of a newer one.
 *
 * In earnest the back end of the application does this. A page may, too, since the demonstration lets this machine publish.
 *
 * @typedef {object} Job
 * @property {string} user
 * @property {"task"|"object"} [kind]
 * @property {string} [job]      its id; made up when absent
 * @property {string} [base]     where the publish section is served
 * @property {number} [from]     steps that were done before (a page that was reloaded goes on)
 * @property {number} [every]    ms between two steps
 * @property {(job: string, step: number) => void} [onStep]  told before a step is sent
 */

const BASE = "/internal/queuetasks";
const KINDS = {
    task: { of: 10, text: (user, step) => `User '${user}', attempt ${step} / 10` },
    object: {
        of: 5, text: (user, step) => `Object sent to user '${user}' in ${6 - step}...`,
        last: JSON.stringify({ Name: "Victor", Age: 30, Country: "Spain", IsActive: true }),
    },
};
const LOG = [
    "Opening the archive", "3 files found", "Reading a.csv: 1,204 lines", "Reading b.csv: 988 lines", "Reading c.csv: 17 lines, 2 of them empty",
    "Adding up", "Writing the report", "Done in 4.2 s",
];

const pause = (ms) => new Promise((keep) => setTimeout(keep, ms));
const made = (kind) => `${kind}-${Math.random().toString(36).slice(2, 6)}`;

/* keepalive: what was begun is sent to the end even when the page goes. */
async function post(base, path, body = "", type = "text/plain; charset=utf-8") {
    const response = await fetch(`${base}/${path}`, { method: "POST", headers: { "Content-Type": type }, body, keepalive: true });
    const answer = await response.json().catch(() => null);
    if (!response.ok || !answer?.success) {
        throw new Error(answer?.error ?? `The server answered ${response.status}`);
    }
    return answer.result;
}

/** Send one message; to everybody who is online when there is no user. */
export function notify({ base = BASE, user = "", type = "", text }) {
    const path = `users/${user ? `${encodeURIComponent(user)}/` : ""}messages`;
    return post(base, type ? `${path}?type=${encodeURIComponent(type)}` : path, text);
}

function tellState(base, user, job, version, state) {
    const query = new URLSearchParams({ key: job, version: String(version) });
    return post(base, `topics/jobs/${encodeURIComponent(user)}?${query}`, JSON.stringify(state), "application/json");
}

/** The job from `from` to its end. @param {Job} options @returns {Promise<{message: string, data: string}>} the final answer */
export async function runJob({ user, kind = "task", job = made(kind), base = BASE, from = 0, every = 1000, onStep = () => {} }) {
    const { of, text, last } = KINDS[kind];
    for (let step = from + 1; step <= of; step++) {
        const line = text(user, step);
        onStep(job, step);
        await Promise.all([
            tellState(base, user, job, step, { done: step, of, text: line, state: "running" }),
            notify({ base, user, text: line }),
        ]);
        await pause(every);
    }
    const data = `User '${user}' completed the task at: ${new Date().toLocaleString()}.`;
    await tellState(base, user, job, of + 1, { done: of, of, text: last ?? data, state: "done" });
    if (last) {
        await notify({ base, user, text: last });
    }
    onStep(job, of + 1);
    return { message: "Task completed", data };
}

/** A log that fills and then ends: lines into a queue, which is closed after the last. @returns {Promise<number>} lines */
export async function runLog({ queue = made("log"), base = BASE, every = 400 }) {
    const path = `queues/${encodeURIComponent(queue)}`;
    for (const line of LOG) {
        await post(base, `${path}/messages`, line);
        await pause(every);
    }
    await post(base, `${path}/close`);
    return LOG.length;
}

async function fromShell([user = "anna", kind = "task", base = "http://127.0.0.1:8080/internal/queuetasks"]) {
    const answer = await (kind === "log" ? runLog({ queue: user, base }) : runJob({ user, kind, base, onStep: (job, step) => console.log(job, step) }));
    console.log(JSON.stringify(answer));
}

if (globalThis.process?.argv?.[1]?.endsWith("demo-job.mjs")) {
    await fromShell(globalThis.process.argv.slice(2));
}

// Tells what the browser tests saw, as TAP. An exception inside a test is that test's failure, never the end of the others.
// SPDX-License-Identifier: Apache-2.0

let count = 0;
let failed = 0;

function say(good, name, why) {
    count += 1;
    failed += good ? 0 : 1;
    console.log(`${good ? "ok" : "not ok"} ${count} - ${name.replaceAll("#", "\\#")}`);
    if (!good && why) {
        console.log(String(why).replace(/^/gm, "# "));
    }
    return good;
}

export function ok(truth, name, why) {
    return say(Boolean(truth), name, why);
}

export function is(got, wanted, name) {
    const [have, want] = [JSON.stringify(got), JSON.stringify(wanted)];
    return say(have === want, name, `got:    ${have}\nwanted: ${want}`);
}

export function like(got, pattern, name) {
    return say(pattern.test(got), name, `got:    ${JSON.stringify(got)}\nwanted: ${pattern}`);
}

/** A story of several assertions. */
export async function story(name, tell) {
    console.log(`# ${name}`);
    try {
        await tell();
    } catch (error) {
        say(false, `${name}: came to its end`, error.stack);
    }
}

/** The plan, and the exit status. */
export function done() {
    console.log(`1..${count}`);
    process.exitCode = failed > 0 || count === 0 ? 1 : 0;
}

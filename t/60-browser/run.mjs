// The first minute with the quick start: open the page, sign in, add a task by the printed line, take it.
// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from "node:child_process";
import { Browser } from "./browser.mjs";
import { done, is, like, ok, story } from "./tap.mjs";

const { QT_URL: url, QT_CURL: curl } = process.env;
const browser = new Browser();

await story("the first minute", async () => {
    const page = await (await browser.person("clara", "demo")).open(`${url}/`);
    await page.see("#stage", "Waiting for a task");
    is(await page.text("#who-name"), "clara", "a demo user can sign in");
    const said = execFileSync("sh", ["-c", curl], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    like(said, /"success":true/, "the printed line adds a task");
    await page.see(".offer", "Call back");
    const left = Number(await page.text(".offer .ring-text"));
    ok(left > 30 && left <= 40, `it appears, with 40 s to decide (${left})`);
    await page.click('.offer button[data-verb="assign"]');
    await page.click('.mine button[data-verb="complete"]');
    await page.see("#stage", "Waiting for a task");
    is(page.problems, [], "and the browser has nothing to complain of");
});

await browser.close();
done();

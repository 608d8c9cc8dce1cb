import { chromium } from "playwright";
import { DemoRelay } from "./demo-app/test/demo-relay.ts";
import { Person } from "./demo-app/test/person.ts";
const relay = await DemoRelay.start();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium" });
const alice = await Person.arrive(browser, relay.page);
await alice.page.setViewportSize({width:1280,height:900});
await alice.page.waitForTimeout(800);
await alice.page.screenshot({ path: "/tmp/s1.png" });
await alice.button("Run").click();
await alice.page.waitForTimeout(800);
await alice.page.screenshot({ path: "/tmp/s2.png" });
for (const [i,v] of ["My circle","Who may do what","Inbox","Activity","Guestbook"].entries()) { await alice.see(v); await alice.page.waitForTimeout(500); await alice.page.screenshot({ path: `/tmp/s${3+i}.png` }); }
console.log(alice.complaints);
await browser.close(); await relay.stop();

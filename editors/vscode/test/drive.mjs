// Plays a scenario in a real VS Code as a person would, and says what was on screen.
//
// node drive.mjs ADDRESS FOLDER OUT SCENARIO, with CODE_SERVER (the folder that its node_modules are in) and CHROMIUM
// set; ARGUMENT is the scenario's own (JSON). Prints one JSON object; pictures go to OUT.

import { launch, Window } from './window.mjs';
import * as scenarios from './scenarios.mjs';

const [address, folder, out, scenario] = process.argv.slice(2);
const browser = await launch();
const windows = [];
const openWindow = async () => {
  const window = await Window.open(browser, address, folder, out);
  windows.push(window);
  return window;
};
const found = {};
try {
  await scenarios[scenario](openWindow, found, JSON.parse(process.env.ARGUMENT ?? 'null'));
} catch (error) {
  found.failed = String(error.stack ?? error);
  await Promise.all(windows.map((window, number) => window.picture(`failed-${number}`)));
} finally {
  console.log(JSON.stringify({ ...found, errors: windows.flatMap((window) => window.errors) }));
  await browser.close();
}
